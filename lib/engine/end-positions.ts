import type { Position } from "./event-log.ts";

/** Requests for the end of a log that are under way in this process, by server. */
const asked = new Map<unknown, Set<Promise<unknown>>>();

/**
 * The end of a server's log, as of the call: what this process publishes after it, by any of its buses, is sent once the
 * answer is there (see {@link EndPositions.answered}), and so lies behind it. Calls of one turn share a request.
 */
export class EndPositions {
  readonly #asked: Set<Promise<unknown>>;
  readonly #ask: () => Promise<Position>;
  #shared: Promise<Position> | undefined;

  /** `server` is the same for all buses of a server, as its URL is. */
  constructor(server: unknown, ask: () => Promise<Position>) {
    this.#asked = asked.get(server) ?? new Set();
    asked.set(server, this.#asked);
    this.#ask = ask;
  }

  get(): Promise<Position> {
    if (this.#shared !== undefined) return this.#shared;
    // At once: what is sent otherwise after this call, as the end of a transaction of the caller's, is sent after it.
    const shared = this.#ask();
    this.#shared = shared;
    queueMicrotask(() => {
      this.#shared = undefined;
    });
    const settled = shared.catch(() => {}).finally(() => this.#asked.delete(settled));
    this.#asked.add(settled);
    return shared;
  }

  /** Resolves once what was asked for by now is answered; `undefined` where nothing is. */
  answered(): Promise<unknown> | undefined {
    return this.#asked.size === 0 ? undefined : Promise.all(this.#asked);
  }
}
