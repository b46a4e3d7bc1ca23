import type { Bus } from "../../bus/bus.ts";
import { dependenciesOf, setDependenciesOf } from "../../bus/engine-of.ts";
import type { HandlerContext, SubscribeOptions } from "../../delivery/handler.ts";
import type { Subscriber } from "../../delivery/subscriber.ts";
import type { Event } from "../../event/event.ts";
import { subscriptionRecord } from "../../subscription/index.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { Steps } from "./steps.ts";

/** A handler whatever it handles: of types, its subscription knows more. */
export type AnyHandler = (event: never, context: never) => unknown;

/** A bus whose subscribers are watched. */
export interface WatchedBus<Events> {
  /** For others: its `close` does nothing, as whoever made the bus closes it. */
  bus: Bus<Events>;
  subscribe(subscription: object, handler: AnyHandler): Promise<Subscriber>;
  /** What is subscribed now. */
  subscriptions(): SubscriptionRecord[];
}

/** Has {@link Steps} see every run of what is subscribed by way of the bus that it gives. */
export function watchBus<Events>(bus: Bus<Events>, steps: Steps): WatchedBus<Events> {
  const records = new Set<SubscriptionRecord>();

  async function subscribe(subscription: object, handler: AnyHandler, options?: SubscribeOptions): Promise<Subscriber> {
    const record = subscriptionRecord({ name: "unnamed", ...subscription });
    const watched = (event: Event, context: HandlerContext<Events>) =>
      steps.run(event, context, record.attempts, () => Reflect.apply(handler, undefined, [event, context]));
    const given = [subscription, typeof handler === "function" ? watched : handler, options];
    const subscriber: Subscriber = await Reflect.apply(bus.subscribe, bus, given);
    const named = { ...record, name: subscriber.name };
    records.add(named);
    return {
      ...subscriber,
      close: async () => {
        records.delete(named);
        await subscriber.close();
      },
    };
  }

  const instead = new Map<string | symbol, unknown>([
    ["subscribe", subscribe],
    ["close", async () => {}],
  ]);
  const proxy = new Proxy(bus, {
    get: (target, name) => {
      if (instead.has(name)) return instead.get(name);
      const value: unknown = Reflect.get(target, name);
      // Its private fields are the bus's own, and not the proxy's.
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const dependencies = dependenciesOf(bus);
  if (dependencies !== undefined) setDependenciesOf(proxy, dependencies);
  return { bus: proxy, subscribe, subscriptions: () => [...records] };
}
