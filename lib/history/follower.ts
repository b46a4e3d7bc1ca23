import type { Engine, Position, Recorded } from "../engine/engine.ts";
import type { BusError } from "../error/bus-error.ts";
import { toBusError } from "../error/bus-error.ts";
import type { Clock } from "../runtime/clock.ts";
import { Changes } from "./changes.ts";

/** What of an engine can be followed. */
export type Followed = Pick<Engine, "position" | "readAfter" | "onChange">;

/** Events read at a time. */
const batch = 256;

interface Listener {
  readonly from: Promise<Position>;
  after: Position | undefined;
  readonly take: (recorded: Recorded) => void;
  readonly fail: (error: BusError) => void;
}

/** Reads new recorded events once for all that wait for one, while there is one. */
export class Follower {
  readonly #engine: Followed;
  readonly #clock: Clock;
  readonly #listeners = new Set<Listener>();
  #changes: Changes | undefined;

  constructor(engine: Followed, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /**
   * Gives what is recorded after this call, in order. The end is taken before this returns, so that an event that the
   * caller publishes next is not missed. `fail` is called once if reading fails.
   */
  attach(
    take: (recorded: Recorded) => void,
    fail: (error: BusError) => void,
  ): { from: Promise<Position>; detach: () => void } {
    const from = this.#engine.position("end");
    const listener: Listener = { from, after: undefined, take, fail };
    from.catch((thrown: unknown) => fail(toBusError(thrown)));
    this.#listeners.add(listener);
    if (this.#changes === undefined) {
      const changes = new Changes(this.#engine);
      this.#changes = changes;
      this.#follow(from, changes).catch((thrown: unknown) => this.#fail(toBusError(thrown)));
    }
    return {
      from,
      detach: () => {
        this.#listeners.delete(listener);
        if (this.#listeners.size === 0) this.stop();
      },
    };
  }

  /** Ends the reading; those who still wait are not told. */
  stop(): void {
    this.#changes?.wake();
    this.#changes?.stop();
    this.#changes = undefined;
  }

  async #follow(from: Promise<Position>, changes: Changes): Promise<void> {
    let position = await from;
    while (this.#changes === changes) {
      const read = await this.#engine.readAfter(position, batch);
      const moved = read.position !== position;
      position = read.position;
      for (const listener of this.#listeners) {
        listener.after ??= await listener.from;
        for (const recorded of read.events) {
          if (recorded.position > listener.after) listener.take(recorded);
        }
      }
      if (!moved && this.#changes === changes) await changes.next({ clock: this.#clock });
    }
  }

  #fail(error: BusError): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    this.stop();
    for (const listener of listeners) listener.fail(error);
  }
}
