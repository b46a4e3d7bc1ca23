import type { Event } from "../event/event.ts";
import { PatternIndex } from "../pattern/index.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import type { SubscriptionRecord } from "../subscription/subscription.ts";
import { subscriptionPattern } from "../subscription/subscription-pattern.ts";

/** What the type of an event alone decides. */
interface Route {
  /** The subscriptions that want every event of the type. */
  readonly always: readonly SubscriptionRecord[];
  /** Whether others want the type, if their `where` matches the event. */
  readonly filtered: boolean;
}

/** Types that are remembered with their routes; `custom.*` types have no bound of their own. */
const rememberedTypes = 10_000;

/**
 * Which subscriptions want an event. What a type alone decides is decided once a type; the rest is looked up in an index of
 * patterns, so that an event costs what it matches. A subscription that comes, changes or goes costs what it has itself, not
 * what is subscribed.
 */
export class Router {
  readonly #records = new Map<string, SubscriptionRecord>();
  /** Those without a `where`, by their types. */
  readonly #byType = new PatternIndex<SubscriptionRecord>();
  /** Those with a `where`, by it and their types. */
  readonly #byPattern = new PatternIndex<SubscriptionRecord>();
  /** What those with a `where` name in `on`, and how many name it. */
  readonly #filteredTypes = new PatternIndex<string>();
  readonly #uses = new Map<string, number>();
  /** Why a `where` is invalid. It is thrown where an event is routed, so that it concerns no other type. */
  readonly #problems = new Map<SubscriptionRecord, unknown>();
  readonly #routes = new Map<string, Route>();

  constructor(records: Iterable<SubscriptionRecord> = []) {
    for (const record of records) this.set(record);
  }

  /** Adds a subscription, or replaces the one of its name. */
  set(record: SubscriptionRecord): void {
    if (this.#records.get(record.name) === record) return;
    this.delete(record.name);
    this.#records.set(record.name, record);
    this.#forgetRoutes(record.on);
    if (record.where === undefined) {
      this.#byType.add(record, subscriptionPattern(record));
      return;
    }
    for (const name of record.on) this.#useType(name, 1);
    try {
      this.#byPattern.add(record, subscriptionPattern(record));
    } catch (thrown) {
      this.#problems.set(record, thrown);
    }
  }

  /** Removes a subscription. Returns whether there was one of this name. */
  delete(name: string): boolean {
    const record = this.#records.get(name);
    if (record === undefined) return false;
    this.#records.delete(name);
    this.#forgetRoutes(record.on);
    if (this.#byType.delete(record)) return true;
    for (const type of record.on) this.#useType(type, -1);
    this.#byPattern.delete(record);
    this.#problems.delete(record);
    return true;
  }

  /**
   * The subscriptions that the event goes to, in no promised order. The array is shared: do not change it. Throws
   * `invalid_pattern` if one that wants the type has an invalid `where`.
   */
  route(event: Event): readonly SubscriptionRecord[] {
    const { always, filtered } = this.#routes.get(event.type) ?? this.#routeOf(event.type);
    if (!filtered) return always;
    const matching = this.#byPattern.match(event);
    if (always.length === 0) return matching;
    return matching.length === 0 ? always : [...always, ...matching];
  }

  #routeOf(type: string): Route {
    for (const [{ on }, problem] of this.#problems) if (typeMatcher(on)(type)) throw problem;
    const always = this.#byType.match({ type });
    const route = { always, filtered: this.#filteredTypes.match({ type }).length > 0 };
    if (this.#routes.size >= rememberedTypes) this.#routes.clear();
    this.#routes.set(type, route);
    return route;
  }

  #useType(name: string, by: 1 | -1): void {
    const uses = (this.#uses.get(name) ?? 0) + by;
    if (uses > 0) this.#uses.set(name, uses);
    else this.#uses.delete(name);
    if (uses === 0) this.#filteredTypes.delete(name);
    else if (uses === 1 && by === 1) this.#filteredTypes.add(name, subscriptionPattern({ on: [name] }));
  }

  /** Forgets the routes of the types that a subscription wants. */
  #forgetRoutes(on: readonly string[]): void {
    if (on.some((name) => name.includes("*"))) this.#routes.clear();
    else for (const name of on) this.#routes.delete(name);
  }
}
