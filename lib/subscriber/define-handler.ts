import type { Handler } from "../bus/bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { BusError } from "../error/bus-error.ts";
import type { EventOf, Subscription, Wanted } from "../subscription/subscription.ts";
import type { QueueFunction } from "./function.ts";
import type { HandlerOptions } from "./options.ts";

/**
 * The Lambda function of a subscription: `export const handler = defineHandler(subscription, handle, { catalog })`.
 */
export function defineHandler<const On extends Wanted | readonly Wanted[], Events = RegisteredEvents>(
  subscription: Subscription<On>,
  _handler: Handler<EventOf<{ on: On }, Events>, Events>,
  _options: HandlerOptions<Events> = {},
): QueueFunction {
  return async () => {
    throw new BusError("unavailable", `subscription ${subscription.name}: not built yet`);
  };
}
