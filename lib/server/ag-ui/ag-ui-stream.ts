import type { Position } from "../../engine/event-log.ts";
import type { Event } from "../../event/event.ts";
import type { LogBatch } from "../../history/log-reader.ts";
import { selectionOfQuery } from "../../history/log-selections.ts";
import type { BufferedDelta } from "../deltas/delta-buffer.ts";
import type { Server } from "../server-context.ts";
import { formatSse } from "../streams/sse.ts";
import { FlowMapper } from "./flow-mapper.ts";
import type { AgUiEvent } from "./protocol.ts";
import { encodePoint, type ResumePoint } from "./resume-point.ts";

/** Milliseconds after which a client comes again. */
const retryMs = 1_000;

/** Deltas that are looked at at once. */
const deltasAtOnce = 64;

/** What an AG-UI stream follows, and how. */
export interface AgUiStreamOptions {
  /** A correlation id. */
  readonly flow: string;
  /** Before the first event of the flow. */
  readonly from: Position;
  /** Where a client was cut off; absent for one that begins. */
  readonly resume?: ResumePoint | undefined;
  /** Whether it goes on after a run, for the next one of the flow. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** One flow for one client, as AG-UI events. The past comes first, then what happens, deltas where they belong by their time. */
export class AgUiStream {
  readonly #server: Server;
  readonly #options: AgUiStreamOptions;
  readonly #mapper: FlowMapper;
  #last: string | null = null;
  #delta: string | null = null;
  #deltaSeq = 0;
  /** What was sent of the next recorded event already. */
  #part = 0;
  /** Whether the place where the client was cut off has been reached. */
  #isThere: boolean;
  /** Whether the past has been sent. */
  #isCaughtUp = false;

  constructor(server: Server, options: AgUiStreamOptions) {
    this.#server = server;
    this.#options = options;
    this.#mapper = new FlowMapper(options.flow);
    this.#isThere = options.resume === undefined;
  }

  async *pieces(): AsyncGenerator<string, void, void> {
    const { flow, from, signal } = this.#options;
    yield formatSse({ retryMs });
    if (this.#options.resume?.last === null) yield* this.#resume(this.#options.resume);
    const wanted = [selectionOfQuery({ correlationId: flow })];
    const batches = this.#server.reader.after(from, { signal, wanted });
    try {
      yield* this.#follow(batches);
    } finally {
      // A stream that ends by itself lets go of the log too.
      await batches.return();
    }
  }

  async *#follow(batches: AsyncGenerator<LogBatch, void, void>): AsyncGenerator<string, void, void> {
    const { flow, signal, follow } = this.#options;
    let next = batches.next();
    while (!signal.aborted) {
      const batch = await this.#batchOrDelta(next);
      // The rest of an event comes before anything else.
      if (batch === undefined) yield* this.#deltas();
      else if (batch.done === true) break;
      else {
        for (const { event } of batch.value.events) {
          if (event.metadata.correlationId === flow) yield* this.#recorded(event);
        }
        if (batch.value.atEnd) {
          this.#isCaughtUp = true;
          yield* this.#deltas();
          if (!follow && this.#mapper.isBetweenRuns) return;
        }
        next = batches.next();
      }
    }
  }

  /** `undefined` where a delta has come first. */
  async #batchOrDelta(
    batch: Promise<IteratorResult<LogBatch, void>>,
  ): Promise<IteratorResult<LogBatch, void> | undefined> {
    if (!this.#isCaughtUp || !this.#isThere || this.#part > 0) return batch;
    const { cancel, promise } = this.#server.deltas.arrived(this.#deltaSeq);
    try {
      return await Promise.race([batch, promise.then(() => undefined)]);
    } finally {
      cancel();
    }
  }

  *#recorded(event: Event): Generator<string> {
    const { resume } = this.#options;
    if (resume !== undefined && !this.#isThere) {
      this.#mapper.replay(event);
      if (event.id === resume.last) yield* this.#resume(resume);
      return;
    }
    if (this.#part === 0) yield* this.#deltas(Date.parse(event.time));
    const before = this.#mapper.state;
    const whole = [...this.#mapper.map(event)];
    const part = this.#part;
    this.#part = 0;
    for (const [index, one] of whole.entries()) {
      const isLast = index === whole.length - 1;
      if (isLast) this.#last = event.id;
      if (index < part) continue;
      const point = isLast ? { part: 0, state: this.#mapper.state } : { part: index + 1, state: before };
      yield this.#message(one, point);
    }
    this.#last = event.id;
  }

  /** The deltas of the flow until a time, else all that there are. */
  *#deltas(until = Number.POSITIVE_INFINITY): Generator<string> {
    const { buffer } = this.#server.deltas;
    for (;;) {
      const found = buffer.after(this.#deltaSeq, deltasAtOnce);
      for (const delta of found) {
        if (Date.parse(delta.event.time) > until) return;
        this.#deltaSeq = delta.seq;
        if (delta.event.metadata.correlationId === this.#options.flow) yield* this.#deltaPieces(delta);
      }
      if (found.length < deltasAtOnce) {
        this.#deltaSeq = Math.max(this.#deltaSeq, buffer.last);
        return;
      }
    }
  }

  *#deltaPieces(delta: BufferedDelta): Generator<string> {
    if (this.#server.deltas.buffer.isCutBefore(delta)) yield* this.#truncated();
    // Whether one is the last of a delta is known after it.
    const steps = Array.from(this.#mapper.map(delta.event), (one) => ({ one, state: this.#mapper.state }));
    for (const [index, { one, state }] of steps.entries()) {
      if (index === steps.length - 1) this.#delta = delta.event.id;
      yield this.#message(one, { part: 0, state });
    }
    this.#delta = delta.event.id;
  }

  *#resume(point: ResumePoint): Generator<string> {
    const { buffer } = this.#server.deltas;
    buffer.dropIdle();
    this.#isThere = true;
    this.#mapper.restore(point.state);
    this.#last = point.last;
    this.#part = point.part;
    this.#delta = point.delta;
    if (point.delta === null) return;
    const seq = buffer.seqOf(point.delta);
    this.#deltaSeq = seq ?? buffer.last;
    // What came after it is gone too, or may have been sent.
    if (seq === undefined && point.part === 0) yield* this.#truncated();
  }

  *#truncated(): Generator<string> {
    for (const one of this.#mapper.truncated()) yield this.#message(one, { part: 0, state: this.#mapper.state });
  }

  #message(event: AgUiEvent, { part, state }: Pick<ResumePoint, "part" | "state">): string {
    const id = encodePoint({ last: this.#last, delta: this.#delta, part, state });
    return formatSse({ id, data: JSON.stringify(event) });
  }
}
