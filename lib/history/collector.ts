import type { Catalog } from "../event/catalog.ts";
import type { Event } from "../event/event.ts";
import { compilePattern } from "../pattern/index.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import type { ParsedMatcher, ParsedMatchers } from "./parse-matchers.ts";

/** Takes events one by one until what is waited for is whole. */
export interface Collector {
  /** Takes an event; gives the result once that is whole. Throws `invalid_event` for a match that cannot be upcast. */
  add(event: Event): Event | Event[] | undefined;
  /** The matching events so far: with `all` in the order of the matchers, else in order of acceptance. */
  found(): Event[];
  /** How many events make the result whole. */
  readonly wanted: number;
  /** The matchers of an `all` that no event has met yet; empty for the others. */
  missing(): ParsedMatcher[];
}

/** The collector for what is waited for. Throws `invalid_pattern` for a wrong `where`. */
export function createCollector(catalog: Catalog, { form, matchers, count }: ParsedMatchers): Collector {
  const newest = (event: Event) => catalog.upcast(event);
  const matches = matchers.map(predicate);
  if (form === "all") {
    const slots = new Map<number, Event>();
    const found = () => matchers.flatMap((_, index) => slots.get(index) ?? []);
    return {
      add(event) {
        for (const [index, match] of matches.entries()) {
          if (!slots.has(index) && match(event)) slots.set(index, newest(event));
        }
        return slots.size === matchers.length ? found() : undefined;
      },
      found,
      wanted: matchers.length,
      missing: () => matchers.filter((_, index) => !slots.has(index)),
    };
  }
  const events: Event[] = [];
  return {
    add(event) {
      if (!matches.some((match) => match(event))) return undefined;
      events.push(newest(event));
      if (events.length < count) return undefined;
      return form === "count" ? events : events[0];
    },
    found: () => [...events],
    wanted: count,
    missing: () => [],
  };
}

function predicate({ types, where }: ParsedMatcher): (event: Event) => boolean {
  const wants = typeMatcher(types);
  if (where === undefined) return (event) => wants(event.type);
  const matches = compilePattern(where);
  return (event) => wants(event.type) && matches(event);
}
