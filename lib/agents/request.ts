import type { RegisteredEvents } from "../bus/register.ts";
import type { HandlerMiddleware } from "../delivery/middleware.ts";
import { BusError } from "../error/bus-error.ts";
import type { EventDefinition } from "../event/definition.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import type { Draft } from "../event/event.ts";
import type { EventOf, EventSelector } from "../subscription/subscription.ts";
import { firstSince } from "./delivery-steps.ts";
import { type AnyBus, openBus } from "./dependencies.ts";

/** What a request waits for. */
export interface RequestOptions<On extends EventSelector | readonly EventSelector[]> {
  /** The type or types of the reply. */
  readonly reply: On;
  /** Default 30 s. */
  readonly timeout?: Duration;
}

/**
 * Publishes an event and resolves with the reply: the first event of the given type that was caused by it. Whoever handles the
 * request publishes it, see {@link replies}. Rejects with `timeout`, whose `details.request` has the id of the request.
 */
export async function request<const On extends EventSelector | readonly EventSelector[]>(
  bus: AnyBus,
  draft: Draft,
  { reply, timeout = "30s" }: RequestOptions<On>,
): Promise<EventOf<{ on: On }, RegisteredEvents>> {
  const timeoutMs = parseDuration(timeout, "request: timeout");
  const open = openBus("request", bus);
  const sent = await open.bus.publish(draft);
  const want = { on: reply, where: { metadata: { causationId: [sent.id] } } };
  const found = await firstSince(open, want, sent, timeoutMs);
  // By the matcher it is of one of its types.
  if (found !== undefined) return found as never;
  throw new BusError("timeout", `no reply to ${sent.type} ${sent.id} came within ${timeoutMs} ms`, {
    details: { request: sent.id, timeoutMs },
  });
}

/**
 * Middleware that publishes what a handler returns as an event of a type, caused by the event that it handled, once for all
 * attempts: the reply to a {@link request}. A handler that returns nothing replies nothing.
 */
export function replies(definition: EventDefinition): HandlerMiddleware {
  return async (_event, context, next) => {
    const value = await next();
    if (value === undefined) return;
    const { bus } = openBus("replies", context.bus);
    await bus.publish({ type: definition.type, data: value }, { dedupe: "reply" });
  };
}
