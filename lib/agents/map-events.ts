import type { RegisteredEvents } from "../bus/register.ts";
import type { Subscriber } from "../delivery/subscriber.ts";
import type { Draft, Event } from "../event/event.ts";
import type { EventOf, EventSelector, Subscription } from "../subscription/subscription.ts";
import { type AnyBus, openBus } from "./dependencies.ts";

/** What becomes of an event: nothing, another one, or several. */
export type Mapped = Draft | readonly Draft[] | undefined;

/**
 * Publishes what a function makes of each event of a subscription: filtered, enriched or split. What it makes is caused by the
 * event and belongs to its flow, and is there once, however often the delivery is attempted, if the function gives the same
 * number of drafts each time. Rejects as `subscribe`.
 */
export function mapEvents<const On extends EventSelector | readonly EventSelector[]>(
  bus: AnyBus,
  subscription: Subscription<On>,
  map: (event: EventOf<{ on: On }, RegisteredEvents>) => Mapped | Promise<Mapped>,
): Promise<Subscriber> {
  const { bus: events } = openBus("mapEvents", bus);
  const handler = async (event: Event): Promise<void> => {
    // By the subscription it is one of its types.
    const made = await map(event as never);
    const drafts = made === undefined ? [] : Array.isArray(made) ? made : [made];
    for (const [index, draft] of drafts.entries()) await events.publish(draft, { dedupe: `mapped-${index}` });
  };
  return Reflect.apply(events.subscribe, events, [subscription, handler]);
}
