import { BusError } from "../error/bus-error.ts";
import { type Clock, longestTimerMs } from "../runtime/clock.ts";

/** Who waits for a state: for the one just after an event, or for one that fulfils a condition. */
export class StateWaits<State> {
  readonly #clock: Clock;
  readonly #byEvent = new Map<string, { resolve(state: State): void; reject(error: BusError): void }>();
  readonly #conditions = new Set<{ reached(state: State): void; end(error: BusError): void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Waits for the state just after an event that has not been published yet. */
  applied(id: string): { readonly promise: Promise<State>; cancel(): void } {
    const { promise, resolve, reject } = Promise.withResolvers<State>();
    // Nobody may await it, where the publish fails at the same time as the projection.
    promise.catch(() => {});
    // A process must not end before it knows what its own event has found.
    const timer = this.#clock.setTimer(() => {}, longestTimerMs, { keepAlive: true });
    const leave = () => {
      this.#clock.clearTimer(timer);
      this.#byEvent.delete(id);
    };
    this.#byEvent.set(id, {
      resolve: (state) => {
        leave();
        resolve(state);
      },
      reject: (error) => {
        leave();
        reject(error);
      },
    });
    return { promise, cancel: leave };
  }

  until(condition: (state: State) => boolean, timeoutMs: number, signal: AbortSignal | undefined): Promise<State> {
    if (signal?.aborted === true) return Promise.reject(aborted(signal));
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#conditions.delete(wait);
        this.#clock.clearTimer(timer);
        signal?.removeEventListener("abort", abort);
      };
      const wait = {
        reached: (state: State) => {
          try {
            if (!condition(state)) return;
          } catch (thrown) {
            leave();
            reject(thrown);
            return;
          }
          leave();
          resolve(state);
        },
        end: (error: BusError) => {
          leave();
          reject(error);
        },
      };
      const abort = () => wait.end(aborted(signal));
      const expire = () => wait.end(new BusError("timeout", `no state fulfilled the condition within ${timeoutMs} ms`));
      const timer = this.#clock.setTimer(expire, timeoutMs, { keepAlive: true });
      signal?.addEventListener("abort", abort, { once: true });
      this.#conditions.add(wait);
    });
  }

  /** Tells the state just after an event. */
  reached(state: State, eventId: string): void {
    this.#byEvent.get(eventId)?.resolve(state);
    for (const wait of [...this.#conditions]) wait.reached(state);
  }

  /** No further state comes. */
  end(error: BusError): void {
    for (const { reject } of [...this.#byEvent.values()]) reject(error);
    for (const wait of [...this.#conditions]) wait.end(error);
  }
}

function aborted(signal: AbortSignal | undefined): BusError {
  return new BusError("aborted", "the wait was aborted by its signal", { cause: signal?.reason });
}
