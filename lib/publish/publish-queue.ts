import type { Appended, Entry } from "../engine/event-log.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { Fifo } from "../runtime/fifo.ts";

/** A publish that waits for its transaction. */
export class PendingPublish {
  readonly entry: Entry;
  readonly body: string;
  readonly reject: (error: BusError) => void;
  readonly #resolve: (appended: Appended) => void;
  /** What the transaction found; holds once it is committed. */
  result: Appended | BusError | undefined;

  constructor(entry: Entry, body: string, resolve: (appended: Appended) => void, reject: (error: BusError) => void) {
    this.entry = entry;
    this.body = body;
    this.#resolve = resolve;
    this.reject = reject;
  }

  /** Tells the caller what was found. */
  end(): void {
    if (this.result instanceof BusError) this.reject(this.result);
    else if (this.result !== undefined) this.#resolve(this.result);
  }
}

/** What concurrent callers publish, until a transaction takes it. What handlers publish comes first. */
export class PublishQueue {
  readonly #maxPending: number;
  readonly #schedule: () => void;
  readonly #encode: (event: Event) => string;
  readonly #urgent = new Fifo<PendingPublish>();
  readonly #others = new Fifo<PendingPublish>();

  /** `schedule` has a transaction begun soon; `encode` gives the body of an event, by default its JSON. */
  constructor(maxPending: number, schedule: () => void, encode: (event: Event) => string = JSON.stringify) {
    this.#maxPending = maxPending;
    this.#schedule = schedule;
    this.#encode = encode;
  }

  get size(): number {
    return this.#urgent.size + this.#others.size;
  }

  /**
   * Resolves once the event is committed. `throttled` where too many wait; a handler's publish never is. `invalid_event`
   * where it is no JSON.
   */
  add(entry: Entry): Promise<Appended> {
    const maxPending = this.#maxPending;
    if (!entry.inHandler && this.#others.size >= maxPending) {
      return Promise.reject(
        new BusError(
          "throttled",
          `${entry.event.type} was not published: ${maxPending} publishes wait to be written; await some before publishing more`,
          { details: { maxPending } },
        ),
      );
    }
    let body: string;
    try {
      body = this.#encode(entry.event);
    } catch (thrown) {
      return Promise.reject(toBusError(thrown, "invalid_event"));
    }
    return new Promise((resolve, reject) => {
      const pending = new PendingPublish(entry, body, resolve, reject);
      (entry.inHandler ? this.#urgent : this.#others).push(pending);
      this.#schedule();
    });
  }

  /** The first of the queue, at most `limit`. */
  take(limit: number): PendingPublish[] {
    const urgent = this.#urgent.take(limit);
    const others = this.#others.take(limit - urgent.length);
    return urgent.length === 0 ? others : [...urgent, ...others];
  }

  /** What was taken last and not written goes back to where it was. */
  putBack(publishes: readonly PendingPublish[]): void {
    if (publishes.length === 0) return;
    this.#urgent.putBack(publishes.filter(({ entry }) => entry.inHandler));
    this.#others.putBack(publishes.filter(({ entry }) => !entry.inHandler));
  }

  /** Refuses all that wait. */
  rejectAll(error: BusError): void {
    for (const { reject } of this.take(this.size)) reject(error);
  }
}
