import type { Event } from "../event/event.ts";
import { compilePatterns } from "../pattern/index.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";

type Route = (event: Event) => readonly SubscriptionRecord[];

/** Types that are remembered with their routes; `custom.*` types have no bound of their own. */
const rememberedTypes = 10_000;

const nowhere: readonly SubscriptionRecord[] = [];

/**
 * Which subscriptions want an event. What a type alone decides is decided once a type; what is left goes to an index over
 * the patterns of that type, so that an event costs what it matches and not what is subscribed.
 */
export class Router {
  readonly #records: readonly { record: SubscriptionRecord; wants: (type: string) => boolean }[];
  readonly #routes = new Map<string, Route>();

  constructor(records: readonly SubscriptionRecord[]) {
    this.#records = records.map((record) => ({ record, wants: typeMatcher(record.on) }));
  }

  /** The subscriptions that the event goes to, in the order given. The array is shared: do not change it. */
  route(event: Event): readonly SubscriptionRecord[] {
    let route = this.#routes.get(event.type);
    if (route === undefined) {
      if (this.#routes.size >= rememberedTypes) this.#routes.clear();
      route = this.#compile(event.type);
      this.#routes.set(event.type, route);
    }
    return route(event);
  }

  #compile(type: string): Route {
    const wanting = this.#records.filter(({ wants }) => wants(type)).map(({ record }) => record);
    const plain = wanting.filter((record) => record.where === undefined);
    if (wanting.length === 0) return () => nowhere;
    if (plain.length === wanting.length) return () => plain;
    const byName = new Map(wanting.map((record) => [record.name, record]));
    const match = compilePatterns(
      Object.fromEntries(
        wanting.flatMap((record) => (record.where === undefined ? [] : [[record.name, record.where] as const])),
      ),
    );
    return (event) => {
      const names = match(event);
      if (names.length === 0) return plain;
      const matched = [...plain];
      for (const name of names) {
        const record = byName.get(name);
        if (record !== undefined) matched.push(record);
      }
      return matched;
    };
  }
}
