import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { Catalog } from "../event/catalog.ts";
import type { Event } from "../event/event.ts";
import { compilePattern } from "../pattern/index.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import type { EventSelector } from "../subscription/subscription.ts";
import type { EventMatcher, EventMatchers } from "./event-matcher.ts";

/** Takes events one by one and gives the result once it is whole. */
export function collector(catalog: Catalog, wants: EventMatchers): (event: Event) => Event | Event[] | undefined {
  const newest = (event: Event) => catalog.upcast(event);
  if (typeof wants === "object" && "all" in wants) {
    const slots = wants.all.map((want) => ({ matches: matcher(catalog, want), event: undefined as Event | undefined }));
    return (event) => {
      for (const slot of slots) if (slot.event === undefined && slot.matches(event)) slot.event = newest(event);
      const events = slots.flatMap((slot) => slot.event ?? []);
      return events.length === slots.length ? events : undefined;
    };
  }
  if (typeof wants === "object" && "of" in wants) {
    const { count } = wants;
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new BusError("invalid_config", `waitFor: count ${mustBe("an integer from 1", count)}`);
    }
    const matchers = wants.of.map((want) => matcher(catalog, want));
    const events: Event[] = [];
    return (event) => {
      if (matchers.some((matches) => matches(event))) events.push(newest(event));
      return events.length === count ? events : undefined;
    };
  }
  const matchers = (typeof wants === "object" && "any" in wants ? wants.any : [wants]).map((want) =>
    matcher(catalog, want),
  );
  return (event) => (matchers.some((matches) => matches(event)) ? newest(event) : undefined);
}

function matcher(catalog: Catalog, want: EventMatcher): (event: Event) => boolean {
  const { on, where } = typeof want === "object" && "on" in want ? want : { on: want, where: undefined };
  const names = (isList(on) ? on : [on]).map((one) => wantedType(catalog, one));
  const wants = typeMatcher(names);
  if (where === undefined) return (event) => wants(event.type);
  const matches = compilePattern(where);
  return (event) => wants(event.type) && matches(event);
}

function isList(on: EventSelector | readonly EventSelector[]): on is readonly EventSelector[] {
  return Array.isArray(on);
}

function wantedType(catalog: Catalog, wanted: EventSelector): string {
  const type = typeof wanted === "string" ? wanted : wanted.type;
  if (type.includes("*")) return type;
  if (catalog.resolve(type)?.history === false) {
    throw new BusError(
      "invalid_config",
      `waitFor: ${type} is not kept in history, so it cannot be waited for; subscribe to it`,
    );
  }
  return type;
}

/** What is waited for, for messages. */
export function describeMatchers(wants: EventMatchers): string {
  if (typeof wants === "string") return wants;
  if ("any" in wants) return `any of ${wants.any.map(describeMatchers).join(", ")}`;
  if ("all" in wants) return `all of ${wants.all.map(describeMatchers).join(", ")}`;
  if ("of" in wants) return `${wants.count} of ${wants.of.map(describeMatchers).join(", ")}`;
  if (!("on" in wants)) return wants.type;
  const names = (isList(wants.on) ? wants.on : [wants.on]).map((one) => (typeof one === "string" ? one : one.type));
  return wants.where === undefined ? names.join(", ") : `${names.join(", ")} where ${JSON.stringify(wants.where)}`;
}
