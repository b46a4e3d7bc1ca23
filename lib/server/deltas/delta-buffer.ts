import type { Event } from "../../event/event.ts";

/** A delta that is kept. */
export interface BufferedDelta {
  /** Its place in the order of arrival; numbers are left out, never given twice. */
  readonly seq: number;
  readonly event: Event;
  /** The event as JSON. */
  readonly text: string;
}

/** How far somebody has read who is not at the end. */
export interface DeltaCursor {
  /** The number of the last that was read. */
  upTo: number;
  /** Whether one behind it was dropped. */
  missed: boolean;
}

interface Stream {
  readonly key: string;
  readonly seqs: Set<number>;
  bytes: number;
  lastAt: number;
  /** Whether its beginning was dropped. */
  cut: boolean;
}

/** Bounds of a {@link DeltaBuffer}. */
export interface DeltaBufferLimits {
  /** Bytes in memory, of all streams. */
  readonly maxBytes: number;
  /** Bytes in memory of one stream: then its oldest deltas go. */
  readonly maxStreamBytes: number;
  /** Milliseconds after its last delta for which a stream is kept. */
  readonly idleMs: number;
}

export const deltaBufferLimits: DeltaBufferLimits = {
  maxBytes: 32 * 1_048_576,
  maxStreamBytes: 4 * 1_048_576,
  idleMs: 60_000,
};

/** What a delta takes beside its text, roughly measured. */
const overhead = 400;

/** To what stream a delta belongs: that of its `streamId`, else its flow. */
export function streamOf({ metadata: { streamId, correlationId } }: Event): string {
  return streamId === undefined ? `flow ${correlationId}` : `stream ${streamId}`;
}

/**
 * The deltas of streams that are under way, in the order in which they came, so that a viewer who comes late sees a text from its
 * start. Bounded by bytes, and by the time since a stream's last delta; of more than that, the streams go that were silent longest.
 */
export class DeltaBuffer {
  readonly #limits: DeltaBufferLimits;
  readonly #now: () => number;
  readonly #deltas = new Map<number, BufferedDelta>();
  readonly #seqById = new Map<string, number>();
  /** The one that was silent longest first. */
  readonly #streams = new Map<string, Stream>();
  readonly #cursors = new Set<DeltaCursor>();
  #bytes = 0;
  #last = 0;
  #droppedUpTo = 0;

  constructor(now: () => number, limits: DeltaBufferLimits = deltaBufferLimits) {
    this.#now = now;
    this.#limits = limits;
  }

  /** The number of the last delta that came; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** The greatest number that was dropped: who was at the end before it came has missed something. */
  get droppedUpTo(): number {
    return this.#droppedUpTo;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#deltas.size === 0;
  }

  /** Adds one behind all others. One that is kept already changes nothing: then it is false. */
  add(event: Event): boolean {
    this.dropIdle();
    if (this.#seqById.has(event.id)) return false;
    this.#last += 1;
    const delta = { seq: this.#last, event, text: JSON.stringify(event) };
    const key = streamOf(event);
    const stream = this.#streams.get(key) ?? { key, seqs: new Set(), bytes: 0, lastAt: 0, cut: false };
    this.#streams.delete(key);
    this.#streams.set(key, stream);
    this.#deltas.set(delta.seq, delta);
    this.#seqById.set(event.id, delta.seq);
    stream.seqs.add(delta.seq);
    stream.lastAt = this.#now();
    this.#count(stream, bytesOf(delta));
    while (stream.bytes > this.#limits.maxStreamBytes && stream.seqs.size > 1) this.#dropOldest(stream);
    for (const silent of this.#streams.values()) {
      if (this.#bytes <= this.#limits.maxBytes) break;
      this.#dropStream(silent);
    }
    return true;
  }

  /** What comes after a number, at most `limit` of it. */
  after(seq: number, limit: number): BufferedDelta[] {
    const found: BufferedDelta[] = [];
    // Who is near the end counts up to it; from far behind, where most numbers are dropped, it is shorter to look at what is left.
    if (this.#last - seq <= this.#deltas.size) {
      for (let next = seq + 1; next <= this.#last && found.length < limit; next += 1) {
        const delta = this.#deltas.get(next);
        if (delta !== undefined) found.push(delta);
      }
      return found;
    }
    for (const delta of this.#deltas.values()) {
      if (found.length === limit) break;
      if (delta.seq > seq) found.push(delta);
    }
    return found;
  }

  /** The number of a delta by its event's id; `undefined` where it is not kept. */
  seqOf(eventId: string): number | undefined {
    return this.#seqById.get(eventId);
  }

  /** Has a cursor told of what it misses, until the function that is returned is called. */
  track(cursor: DeltaCursor): () => void {
    this.#cursors.add(cursor);
    return () => this.#cursors.delete(cursor);
  }

  /** Whether a delta is the first that is left of a stream whose beginning was dropped. */
  isCutBefore({ event, seq }: BufferedDelta): boolean {
    const stream = this.#streams.get(streamOf(event));
    if (stream?.cut !== true) return false;
    const [first] = stream.seqs;
    return first === seq;
  }

  /** Drops the streams that were silent for too long. */
  dropIdle(): void {
    const until = this.#now() - this.#limits.idleMs;
    for (const stream of this.#streams.values()) {
      if (stream.lastAt > until) return;
      this.#dropStream(stream);
    }
  }

  #dropStream(stream: Stream): void {
    while (stream.seqs.size > 0) this.#dropOldest(stream);
    this.#streams.delete(stream.key);
  }

  #dropOldest(stream: Stream): void {
    const [seq] = stream.seqs;
    const delta = seq === undefined ? undefined : this.#deltas.get(seq);
    if (delta === undefined) return;
    stream.seqs.delete(delta.seq);
    stream.cut = true;
    this.#deltas.delete(delta.seq);
    this.#seqById.delete(delta.event.id);
    this.#count(stream, -bytesOf(delta));
    this.#droppedUpTo = Math.max(this.#droppedUpTo, delta.seq);
    for (const cursor of this.#cursors) if (delta.seq > cursor.upTo) cursor.missed = true;
  }

  #count(stream: Stream, bytes: number): void {
    stream.bytes += bytes;
    this.#bytes += bytes;
  }
}

/** The text and about as much for the event. */
function bytesOf({ text }: BufferedDelta): number {
  return 2 * text.length + overhead;
}
