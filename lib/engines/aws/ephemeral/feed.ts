import type { Position } from "../../../engine/event-log.ts";
import type { BusError } from "../../../error/bus-error.ts";
import { toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { Followed, Follower } from "../../../history/follower.ts";
import type { Clock, Timer } from "../../../runtime/clock.ts";

/** Events read at a time when catching up. */
const batch = 256;
/** Before reading is begun again after it failed. */
const retryMs = 2_000;

export interface FeedDependencies {
  readonly clock: Clock;
  readonly log: Pick<Followed, "readAfter">;
  readonly follower: Follower;
  readonly onError: (error: BusError) => void;
}

/** Recorded events from a place on, each once and in order, however often reading fails. */
export class Feed {
  readonly #host: FeedDependencies;
  readonly #take: (event: Event) => void;
  #detach: (() => void) | undefined;
  #after: Position | undefined;
  #timer: Timer;
  #closed = false;

  constructor(host: FeedDependencies, take: (event: Event) => void) {
    this.#host = host;
    this.#take = take;
  }

  /** Begins after a place; now where there is none. Resolves once that place is known: what comes later is not missed. */
  async start(after?: Position): Promise<void> {
    let live: { event: Event; position: Position }[] | undefined = [];
    const { detach, from } = this.#host.follower.attach(
      (recorded) => (live === undefined ? this.#give(recorded) : live.push(recorded)),
      (error) => this.#again(error),
    );
    this.#detach = detach;
    const now = await from;
    this.#after = after ?? now;
    this.#catchUp(now).then(
      () => {
        for (const recorded of live ?? []) this.#give(recorded);
        live = undefined;
      },
      (thrown: unknown) => {
        detach();
        this.#again(toBusError(thrown));
      },
    );
  }

  close(): void {
    this.#closed = true;
    this.#detach?.();
    this.#host.clock.clearTimer(this.#timer);
  }

  async #catchUp(to: Position): Promise<void> {
    while (!this.#closed && this.#after !== undefined && this.#after < to) {
      const before = this.#after;
      const read = await this.#host.log.readAfter(before, batch);
      for (const recorded of read.events) if (recorded.position <= to) this.#give(recorded);
      if (read.position === before) return;
      this.#after = read.position > to ? to : read.position;
    }
  }

  #give({ event, position }: { event: Event; position: Position }): void {
    if (this.#closed || (this.#after !== undefined && position <= this.#after)) return;
    this.#after = position;
    this.#take(event);
  }

  #again(error: BusError): void {
    if (this.#closed) return;
    this.#host.onError(error);
    const { clock } = this.#host;
    clock.clearTimer(this.#timer);
    this.#timer = clock.setTimer(() => {
      this.start(this.#after).catch((thrown: unknown) => this.#again(toBusError(thrown)));
    }, retryMs);
  }
}
