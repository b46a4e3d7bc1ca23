import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { BusError } from "../error/bus-error.ts";
import { connect } from "./connect.ts";
import type { ConnectOptions } from "./options.ts";
import { providedBus } from "./provided-bus.ts";

let shared: Promise<Bus<RegisteredEvents>> | undefined;

/**
 * Opens the shared bus of the process with explicit options. Rejects with `conflict` if it is already open: the result of two
 * calls with different options would depend on their order.
 */
export function initBus(options: ConnectOptions<RegisteredEvents> = {}): Promise<Bus<RegisteredEvents>> {
  if (shared !== undefined) {
    return Promise.reject(
      new BusError("conflict", "the shared bus is already open; call initBus once, before the first getBus"),
    );
  }
  const opened: Promise<Bus<RegisteredEvents>> = connect(options).then((bus) => {
    const close = bus.close.bind(bus);
    bus.close = () => {
      forget();
      return close();
    };
    return bus;
  });
  // Closing an earlier bus again must not forget the bus that replaced it.
  const forget = () => {
    if (shared === opened) shared = undefined;
  };
  shared = opened;
  // A bus that could not be opened must not block the next attempt.
  opened.catch(forget);
  return opened;
}

/**
 * Returns the shared bus of the process, and opens it from configuration if `initBus` was not called. In a Lambda function it
 * is the bus that handlers receive.
 */
export function getBus(): Promise<Bus<RegisteredEvents>> {
  return shared ?? providedBus() ?? initBus();
}
