import type { Appended, Takeover } from "../../../engine/event-log.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { Fifo } from "../../../runtime/fifo.ts";

type Result = readonly (Appended | BusError)[] | undefined;

/** A takeover that waits for its transaction. */
export class PendingTakeover {
  readonly takeover: Takeover;
  /** The texts of its events. */
  readonly bodies: readonly string[];
  readonly reject: (error: BusError) => void;
  readonly #resolve: (result: Result) => void;
  /** What the transaction found; holds once it is committed. */
  result: Result;

  constructor(
    takeover: Takeover,
    bodies: readonly string[],
    resolve: (result: Result) => void,
    reject: (error: BusError) => void,
  ) {
    this.takeover = takeover;
    this.bodies = bodies;
    this.#resolve = resolve;
    this.reject = reject;
  }

  /** Tells the caller what was found. */
  end(): void {
    this.#resolve(this.result);
  }
}

/** What is to be taken over of other logs, until a transaction takes it. */
export class TakeoverQueue {
  readonly #schedule: () => void;
  readonly #waiting = new Fifo<PendingTakeover>();

  /** `schedule` has a transaction begun soon. */
  constructor(schedule: () => void) {
    this.#schedule = schedule;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves once it is committed, as {@link EventLog.takeOver} says. */
  add(takeover: Takeover): Promise<Result> {
    let bodies: string[];
    try {
      bodies = takeover.entries.map(({ event }) => JSON.stringify(event));
    } catch (thrown) {
      return Promise.reject(toBusError(thrown, "invalid_event"));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push(new PendingTakeover(takeover, bodies, resolve, reject));
      this.#schedule();
    });
  }

  /** The first of the queue, at most `limit` events, or one. */
  take(limit: number): PendingTakeover[] {
    const taken: PendingTakeover[] = [];
    for (let events = 0; events < limit; ) {
      const [next] = this.#waiting.take(1);
      if (next === undefined) break;
      events += next.bodies.length;
      if (taken.length > 0 && events > limit) {
        this.#waiting.putBack([next]);
        break;
      }
      taken.push(next);
    }
    return taken;
  }

  /** Refuses all that wait. */
  rejectAll(error: BusError): void {
    for (const { reject } of this.#waiting.take(this.size)) reject(error);
  }
}
