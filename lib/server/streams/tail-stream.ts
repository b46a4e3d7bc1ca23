import type { Position } from "../../engine/event-log.ts";
import type { Event } from "../../event/event.ts";
import type { LogBatch } from "../../history/log-reader.ts";
import type { BufferedDelta, DeltaCursor } from "../deltas/delta-buffer.ts";
import type { Server } from "../server-context.ts";
import { formatSse } from "./sse.ts";

/** Milliseconds after which a client comes again where the server has ended its stream. */
const retryMs = 1_000;

/** Separates the place in the log from the last delta in the id of a message. */
export const deltaMark = "~";

/** Deltas that are sent in one piece. */
const deltasAtOnce = 64;

/** Whether a client asked for an event. */
export type Wants = (event: Event, acceptedAt: number) => boolean;

/** Where a stream begins. */
export interface Start {
  readonly position: Position;
  /** Whether this process had an event already when the stream began at the end of the log. */
  readonly isKnown?: (event: Event) => boolean;
}

/** The same event goes to many streams. */
const jsonOf = new WeakMap<Event, string>();

/** Follows the log for one client, and with it what the log does not keep where the client asks for that. */
export class TailStream {
  readonly #server: Server;
  readonly #start: Start;
  readonly #wants: Wants;
  readonly #signal: AbortSignal;
  #position: Position;
  /** Up to which delta was looked at; absent where they are not followed. */
  #deltaCursor: DeltaCursor | undefined;
  /** Whether that was the last one. */
  #caughtUp = false;
  /** The id of the last delta that was sent, as in the id of a message. */
  #lastDelta = "";

  constructor(server: Server, start: Start, wants: Wants, signal: AbortSignal) {
    this.#server = server;
    this.#start = start;
    this.#wants = wants;
    this.#signal = signal;
    this.#position = start.position;
  }

  /**
   * Follows deltas too: behind the last that the client has, or each running stream from its start. Where that one is not kept any more, by this
   * server or another, the client is told to begin anew.
   */
  followDeltas(last = ""): void {
    const { buffer } = this.#server.deltas;
    buffer.dropIdle();
    const seq = last === "" ? undefined : buffer.seqOf(Buffer.from(last, "base64url").toString());
    this.#lastDelta = seq === undefined ? "" : last;
    this.#deltaCursor = {
      upTo: seq ?? 0,
      missed: last !== "" && (seq === undefined || buffer.droppedUpTo > seq),
    };
  }

  /** Where a client goes on that has got every piece so far. */
  get cursor(): string {
    return this.#idAt(this.#position);
  }

  async *pieces(): AsyncGenerator<string, void, void> {
    const { position: from, isKnown } = this.#start;
    // A client that is cut off before the first event must not miss it.
    yield formatSse({ id: this.cursor, retryMs });
    const batches = this.#server.reader.after(from, { signal: this.#signal });
    let next = batches.next();
    for (;;) {
      yield* this.#deltas();
      const batch = await this.#batchOrDelta(next);
      if (batch === undefined) continue;
      if (batch.done === true) break;
      // Mostly a text comes before the event that says that it is whole; the two ways are not in step.
      yield* this.#deltas();
      for (const { event, acceptedAt, position } of batch.value.events) {
        if (this.#signal.aborted) break;
        if (this.#wants(event, acceptedAt) && isKnown?.(event) !== true) {
          yield formatSse({ id: this.#idAt(position), data: textOf(event) });
        }
        this.#position = position;
      }
      if (!this.#signal.aborted) this.#position = batch.value.position;
      next = batches.next();
    }
    yield formatSse({ retryMs });
  }

  /** `undefined` where a delta has come first. */
  async #batchOrDelta(
    batch: Promise<IteratorResult<LogBatch, void>>,
  ): Promise<IteratorResult<LogBatch, void> | undefined> {
    // Once the client is gone, the log ends.
    if (this.#deltaCursor === undefined || this.#signal.aborted) return batch;
    const { cancel, promise } = this.#server.deltas.arrived(this.#deltaCursor.upTo);
    try {
      return await Promise.race([batch, promise.then(() => undefined)]);
    } finally {
      cancel();
    }
  }

  *#deltas(): Generator<string, void, void> {
    const cursor = this.#deltaCursor;
    if (cursor === undefined || this.#signal.aborted) return;
    const { buffer } = this.#server.deltas;
    if (this.#caughtUp && buffer.droppedUpTo > cursor.upTo) cursor.missed = true;
    this.#caughtUp = false;
    const untrack = buffer.track(cursor);
    // A client that is gone may leave this where it is.
    this.#signal.addEventListener("abort", untrack, { once: true });
    try {
      for (;;) {
        if (cursor.missed) yield this.#reset(cursor);
        const found = buffer.after(cursor.upTo, deltasAtOnce);
        const text = found.map((delta) => this.#textOfDelta(delta, cursor)).join("");
        if (found.length < deltasAtOnce) {
          cursor.upTo = buffer.last;
          this.#caughtUp = true;
        }
        if (text !== "") yield text;
        if (found.length < deltasAtOnce) return;
      }
    } finally {
      untrack();
      this.#signal.removeEventListener("abort", untrack);
    }
  }

  #reset(cursor: DeltaCursor): string {
    cursor.missed = false;
    cursor.upTo = 0;
    this.#lastDelta = "";
    return formatSse({ id: this.cursor, event: "reset", data: "{}" });
  }

  /** Empty where the client does not want it. */
  #textOfDelta(delta: BufferedDelta, cursor: DeltaCursor): string {
    cursor.upTo = delta.seq;
    const { event, text } = delta;
    if (!this.#wants(event, 0)) return "";
    const { streamId, correlationId } = event.metadata;
    const stream = streamId === undefined ? { correlationId } : { streamId };
    const truncated = this.#server.deltas.buffer.isCutBefore(delta)
      ? formatSse({ event: "truncated", data: JSON.stringify(stream) })
      : "";
    this.#lastDelta = Buffer.from(event.id).toString("base64url");
    return truncated + formatSse({ id: this.cursor, data: text });
  }

  #idAt(position: Position): string {
    const place = this.#server.cursors.encode(position);
    return this.#deltaCursor === undefined ? place : place + deltaMark + this.#lastDelta;
  }
}

function textOf(event: Event): string {
  const known = jsonOf.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  jsonOf.set(event, text);
  return text;
}
