import type { Bus } from "../../bus/bus.ts";
import type { Event } from "../../event/event.ts";
import type { AnyEvents } from "../open-bus.ts";

/** Follows what is recorded, from the moment it is made. */
export class Recorder {
  readonly countByType = new Map<string, number>();
  readonly #bus: Pick<Bus<AnyEvents>, "history">;
  readonly #seen = new Set<string>();
  readonly #newestBefore: Promise<string | undefined>;
  readonly #following: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(bus: Pick<Bus<AnyEvents>, "history">, signal: AbortSignal, onEvent: (event: Event) => void) {
    this.#bus = bus;
    const events = bus.history.tail({}, { signal });
    this.#newestBefore = this.#newest();
    this.#following = this.#follow(events, onEvent);
    // Rejects where somebody awaits it: `caughtUp`.
    this.#following.catch(() => {});
  }

  /** Resolves when everything recorded before this call has been seen. */
  async caughtUp(): Promise<void> {
    const [newest, before] = await Promise.all([this.#newest(), this.#newestBefore]);
    if (newest === undefined || newest === before) return;
    const seen = (async () => {
      while (!this.#seen.has(newest)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    })();
    await Promise.race([seen, this.#following]);
  }

  async #newest(): Promise<string | undefined> {
    return (await this.#bus.history.query({ limit: 1 })).events[0]?.id;
  }

  async #follow(events: AsyncIterable<Event>, onEvent: (event: Event) => void): Promise<void> {
    for await (const event of events) {
      this.#seen.add(event.id);
      this.countByType.set(event.type, (this.countByType.get(event.type) ?? 0) + 1);
      onEvent(event);
      for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }
}
