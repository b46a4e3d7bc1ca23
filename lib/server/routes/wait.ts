import * as z from "zod";
import { parseDuration } from "../../event/duration.ts";
import type { Event } from "../../event/event.ts";
import type { EventMatcher, EventMatchers } from "../../history/event-matcher.ts";
import { route } from "../http/route.ts";
import { eventSchema } from "../schemas/event.ts";
import { noEvent } from "./history.ts";

/** The longest that a request waits; a client that has more time asks again, with `since`. */
export const longestWaitMs = 600_000;

const matcher = z
  .union([
    z.string(),
    z.strictObject({
      on: z.union([z.string(), z.array(z.string()).min(1)]),
      where: z.looseObject({}).exactOptional(),
    }),
  ])
  .meta({ id: "Matcher" }) satisfies z.ZodType<EventMatcher>;

const matchers = z.union([
  matcher,
  z.strictObject({ any: z.array(matcher).min(1) }),
  z.strictObject({ all: z.array(matcher).min(1) }),
  z.strictObject({ count: z.int().min(1), of: z.array(matcher).min(1) }),
]) satisfies z.ZodType<EventMatchers>;

export const wait = route({
  method: "POST",
  path: "/v1/wait",
  summary: "Wait for events",
  description:
    "Answers once there is what is waited for: one event (a type, or `{ on, where }`), any of several (`any`), one for each " +
    "(`all`), or so many (`count`, `of`). `since` looks back first: a time, or the id of an event. Fails with `timeout` (504), " +
    "and then `details.events` has what came.",
  permission: "subscribe",
  body: z.strictObject({
    for: matchers,
    since: z.union([z.string(), z.strictObject({ id: z.string() })]).exactOptional(),
    timeout: z.union([z.string(), z.number()]).exactOptional().meta({ description: "Default 30 s, at most 10 min." }),
  }),
  result: z.object({ events: z.array(eventSchema) }),
  handle: async ({ server, access, body, signal }) => {
    access.checkTypes(typesOf(body.for));
    const { bus } = server.served;
    const since = typeof body.since === "object" ? await eventOf(bus.history, body.since.id) : body.since;
    const timeout = parseDuration(body.timeout ?? "30s", "timeout", { max: longestWaitMs });
    const options = { timeout, signal, ...(since === undefined ? {} : { since }) };
    // The overloads tell the forms apart by type; here they are told apart by the bus.
    const found: Event | Event[] = await (
      bus.waitFor as (wants: EventMatchers, given: typeof options) => Promise<Event | Event[]>
    ).call(bus, body.for, options);
    return { events: Array.isArray(found) ? found : [found] };
  },
});

async function eventOf(history: { get(id: string): Promise<Event | undefined> }, id: string): Promise<Event> {
  const event = await history.get(id);
  if (event === undefined) throw noEvent(id);
  return event;
}

/** Every type that a wait may show. */
function typesOf(wants: z.infer<typeof matchers>): string[] {
  if (typeof wants === "string") return [wants];
  if ("on" in wants) return [wants.on].flat();
  const list = "any" in wants ? wants.any : "all" in wants ? wants.all : wants.of;
  return list.flatMap(typesOf);
}
