import { ParkedError } from "../delivery/parked-error.ts";
import type { Subscriber } from "../delivery/subscriber.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import type { Event } from "../event/event.ts";
import { callFields } from "../runtime/call-fields.ts";
import { isRecord } from "../runtime/is-record.ts";
import type { Subscription } from "../subscription/subscription.ts";

/** How a loop over events ends, and the settings of its subscription; its `concurrency` is 1. */
export interface OnOptions extends Omit<Subscription, "on" | "concurrency"> {
  /** Ends the loop. */
  readonly signal?: AbortSignal;
}

/** Longer than for handlers: a loop often waits for a model or a person. */
const defaultTimeout = "15m";

/** Reads what `on` was given. The settings of the subscription are checked by `subscribe`. Throws `invalid_config`. */
export function parseOn(
  selector: unknown,
  options: unknown,
): { readonly signal: AbortSignal | undefined; readonly settings: object } {
  return readable("on: the options", () => {
    if (!isRecord(options)) {
      throw new BusError("invalid_config", `on: the options ${mustBe("an object such as { signal }", options)}`);
    }
    const { signal: given, ...settings } = options;
    const signal = callFields().signal.safeParse(given);
    if (given !== undefined && !signal.success) {
      throw new BusError("invalid_config", `on: signal ${mustBe("an AbortSignal", given)}`);
    }
    return { signal: signal.data, settings: { timeout: defaultTimeout, ...settings, on: selector, concurrency: 1 } };
  });
}

/** Makes a subscription whose deliveries a handler takes. */
type Subscribe = (
  settings: object,
  handler: (event: Event, context: { readonly signal: AbortSignal }) => Promise<void>,
) => Promise<Subscriber>;

interface Handed {
  readonly event: Event;
  /** Its delivery is done. */
  done(): void;
  /** It returns to the queue, and its attempt is not counted. */
  giveBack(): void;
}

/** The deliveries of a subscription as a loop, one at a time: see {@link Bus.on}. `closing` fires when the bus closes. */
export async function* loopOver(
  { settings, signal }: ReturnType<typeof parseOn>,
  subscribe: Subscribe,
  closing: AbortSignal,
): AsyncGenerator<Event, void, void> {
  const ends = signal === undefined ? closing : AbortSignal.any([signal, closing]);
  if (ends.aborted) return;
  let handed: Handed | undefined;
  let over = false;
  let changed = Promise.withResolvers<void>();
  const wake = () => changed.resolve();
  ends.addEventListener("abort", wake, { once: true });
  const subscriber = await subscribe(
    settings,
    (event, context) =>
      new Promise((resolve, reject) => {
        const giveBack = () => reject(new ParkedError("the loop has ended", 0));
        if (over) return giveBack();
        handed = { event, done: resolve, giveBack };
        context.signal.addEventListener("abort", () => reject(context.signal.reason), { once: true });
        wake();
      }),
  );
  try {
    while (!ends.aborted) {
      const current = handed;
      if (current === undefined) {
        await changed.promise;
        changed = Promise.withResolvers<void>();
        continue;
      }
      yield current.event;
      current.done();
      // Else it took too long, and has been handed over again.
      if (handed === current) handed = undefined;
    }
  } finally {
    ends.removeEventListener("abort", wake);
    over = true;
    // The loop was left with it, or never had it.
    handed?.giveBack();
    await subscriber.close();
  }
}
