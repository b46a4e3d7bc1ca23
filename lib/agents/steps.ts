import type { RegisteredEvents } from "../bus/register.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Json } from "../event/json.ts";
import type { EventMatcher } from "../history/event-matcher.ts";
import type { EventOf, EventSelector } from "../subscription/subscription.ts";
import { DeliverySteps } from "./delivery-steps.ts";
import type { AnyBus } from "./dependencies.ts";

/** Steps of one handler, by names that are unique within it. */
export interface Steps {
  /**
   * Runs a function until it has succeeded once: later attempts at the delivery get its result, which is JSON and is kept in
   * history. Where the process dies before that, it runs again; {@link effect} is for what must not. A replay begins anew.
   */
  run<Result extends Json>(name: string, run: () => Result | Promise<Result>): Promise<Result>;
  /**
   * Goes on after a time, counted from the first attempt that comes here. Until then the delivery is back in the queue: it
   * takes no process, no concurrency and no attempt. Let what it throws pass.
   */
  sleep(name: string, duration: Duration): Promise<void>;
  /**
   * Resolves with the first event that matches and was accepted after the one being handled; with `undefined` once `timeout`
   * is over, counted as for `sleep`. What comes within a second is waited for; after that the delivery is back in the queue,
   * and looks again after a tenth of the time that it has waited, within 1 s to 5 min.
   */
  waitFor<const On extends EventSelector | readonly EventSelector[]>(
    name: string,
    want: EventMatcher<On>,
    options: { readonly timeout: Duration },
  ): Promise<EventOf<{ on: On }, RegisteredEvents> | undefined>;
}

/** The steps of the delivery that is being handled. Throws `invalid_config` outside of a handler, and in a batch. */
export function steps(bus: AnyBus): Steps {
  const delivery = new DeliverySteps("steps", bus);
  return {
    run: (name, run) => delivery.remember(name, run),
    sleep: (name, duration) => delivery.sleep(name, parseDuration(duration, "sleep: the duration")),
    waitFor: async (name, want, { timeout }) => {
      const timeoutMs = parseDuration(timeout, "waitFor: timeout");
      const id = await delivery.until(name, timeoutMs, async (ms) => (await delivery.lookFor(want, ms))?.id);
      // By the matcher it is of one of its types.
      return id === null ? undefined : ((await delivery.event(id)) as never);
    },
  };
}
