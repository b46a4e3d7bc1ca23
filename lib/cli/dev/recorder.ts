import type { Bus } from "../../bus/bus.ts";
import type { Event } from "../../event/event.ts";

/** Follows what is recorded, from the moment it is made. */
export class Recorder {
  readonly countByType = new Map<string, number>();
  /** Resolves once the signal has fired; rejects where history cannot be read any more. */
  readonly ended: Promise<void>;
  readonly #history: Bus["history"];
  readonly #newestBefore: Promise<string | undefined>;
  /** Of each caller that waits: the ids seen since it came. */
  readonly #waiting = new Map<Set<string | undefined>, () => void>();
  #last: string | undefined;

  /** The next event is not read before `onEvent` has resolved. */
  constructor(history: Bus["history"], signal: AbortSignal, onEvent: (event: Event) => Promise<void>) {
    this.#history = history;
    const events = history.tail({}, { signal });
    this.#newestBefore = this.#newest();
    this.ended = this.#follow(events, onEvent);
    // Rejects where somebody awaits it.
    this.ended.catch(() => {});
  }

  /** Resolves when everything recorded before this call has been seen. */
  async caughtUp(): Promise<void> {
    const seen = new Set([this.#last]);
    let look = () => {};
    this.#waiting.set(seen, () => look());
    try {
      const [newest, before] = await Promise.all([this.#newest(), this.#newestBefore]);
      if (newest === undefined || newest === before || seen.has(newest)) return;
      const found = new Promise<void>((resolve) => {
        look = () => {
          if (seen.has(newest)) resolve();
        };
      });
      await Promise.race([found, this.ended]);
    } finally {
      this.#waiting.delete(seen);
    }
  }

  async #newest(): Promise<string | undefined> {
    return (await this.#history.query({ limit: 1 })).events[0]?.id;
  }

  async #follow(events: AsyncIterable<Event>, onEvent: (event: Event) => Promise<void>): Promise<void> {
    for await (const event of events) {
      this.countByType.set(event.type, (this.countByType.get(event.type) ?? 0) + 1);
      await onEvent(event);
      this.#last = event.id;
      for (const [seen, look] of this.#waiting) {
        seen.add(event.id);
        look();
      }
    }
  }
}
