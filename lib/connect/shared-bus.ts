import type { Bus } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { BusError } from "../error/bus-error.ts";
import { connect } from "./connect.ts";
import type { ConnectOptions } from "./options.ts";
import { providedBus } from "./provided-bus.ts";

let shared: Promise<Bus<RegisteredEvents>> | undefined;

/**
 * Opens the one bus that the process shares, with options of its own. `conflict` where it is open already: two calls
 * with different options would otherwise depend on which came first.
 */
export function initBus(options: ConnectOptions<RegisteredEvents> = {}): Promise<Bus<RegisteredEvents>> {
  if (shared !== undefined) {
    return Promise.reject(
      new BusError("conflict", "the shared bus is open already; call initBus once, before the first getBus"),
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
  // A bus that was closed before must not be the end of the one that came after it.
  const forget = () => {
    if (shared === opened) shared = undefined;
  };
  shared = opened;
  // A bus that could not be opened must not stand in the way of the next try.
  opened.catch(forget);
  return opened;
}

/**
 * The one bus that the process shares; opened by configuration where `initBus` was not called. In a Lambda function it is
 * the bus that its handlers get.
 */
export function getBus(): Promise<Bus<RegisteredEvents>> {
  return shared ?? providedBus() ?? initBus();
}
