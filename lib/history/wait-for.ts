import type { WaitOptions } from "../bus/bus.ts";
import type { Engine, Position, Recorded } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import { parseDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import { compilePattern } from "../pattern/index.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import { queryTime } from "../runtime/query-time.ts";
import type { Wanted } from "../subscription/subscription.ts";
import type { EventMatcher } from "./event-matcher.ts";
import type { Follower } from "./follower.ts";

/** What may be waited for: one, the first of several, all of them, or a number of events. */
export type Wants =
  | EventMatcher
  | { any: readonly EventMatcher[] }
  | { all: readonly EventMatcher[] }
  | { count: number; of: readonly EventMatcher[] };

export interface WaitDependencies {
  readonly engine: Engine;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly follower: Follower;
  /** Fires when the bus closes. */
  readonly closing: AbortSignal;
}

/** Events read at a time when looking back. */
const batch = 256;

/** See {@link Bus.waitFor}. */
export async function waitFor(
  host: WaitDependencies,
  wants: Wants,
  options: WaitOptions = {},
): Promise<Event | Event[]> {
  checkCallOptions("waitFor", options, ["since", "timeout", "signal"]);
  const collect = collector(host.catalog, wants);
  const timeoutMs = parseDuration(options.timeout ?? "30s", "waitFor: timeout");
  if (options.signal?.aborted === true) throw abortedError(options.signal);
  let settle: ((recorded: Recorded) => void) | undefined;
  const live: Recorded[] = [];
  // What lies after a `since` counts, known or not.
  const isOld = options.since === undefined ? host.engine.known?.() : undefined;
  let failLive: (error: BusError) => void = () => {};
  const { from, detach } = host.follower.attach(
    (recorded) => (settle === undefined ? live.push(recorded) : settle(recorded)),
    (error) => failLive(error),
  );
  try {
    if (options.since !== undefined) {
      const found = await lookbackScan(
        host.engine,
        await sincePosition(host.engine, options.since),
        await from,
        collect,
      );
      if (found !== undefined) return found;
    }
    return await new Promise<Event | Event[]>((resolve, reject) => {
      const { clock, closing } = host;
      const end = () => {
        clock.clearTimer(timer);
        options.signal?.removeEventListener("abort", aborted);
        closing.removeEventListener("abort", closed);
      };
      const fail = (error: BusError) => {
        end();
        reject(error);
      };
      const aborted = () => fail(abortedError(options.signal));
      const closed = () => fail(new BusError("closed", "the bus was closed while waitFor waited"));
      const timer = clock.setTimer(
        () =>
          fail(
            new BusError(
              "timeout",
              `no event matched ${describe(wants)} within ${timeoutMs} ms; give a longer \`timeout\`, or \`since\` to look back`,
              {
                details: { timeoutMs },
              },
            ),
          ),
        timeoutMs,
        { keepAlive: true },
      );
      failLive = fail;
      options.signal?.addEventListener("abort", aborted, { once: true });
      closing.addEventListener("abort", closed, { once: true });
      if (options.signal?.aborted === true) return aborted();
      if (closing.aborted) return closed();
      settle = ({ event }) => {
        const found = isOld?.(event) === true ? undefined : collect(event);
        if (found === undefined) return;
        // More may come in the same turn, and would be added to what was found.
        settle = () => {};
        end();
        resolve(found);
      };
      for (const recorded of live.splice(0)) settle(recorded);
    });
  } finally {
    detach();
  }
}

function abortedError(signal: AbortSignal | undefined): BusError {
  return new BusError("aborted", "waitFor was aborted by its signal", { cause: signal?.reason });
}

/** The place of a `since`: after an event, or before what was accepted at a time. */
export async function sincePosition(engine: Engine, since: Event | string | Date): Promise<Position> {
  if (typeof since === "string" || since instanceof Date)
    return engine.position({ time: queryTime(since, "since") ?? 0 });
  return engine.position({ eventId: since.id });
}

async function lookbackScan(
  engine: Engine,
  from: Position,
  to: Position,
  collect: (event: Event) => Event | Event[] | undefined,
): Promise<Event | Event[] | undefined> {
  let position = from;
  while (position < to) {
    const read = await engine.readAfter(position, batch);
    for (const recorded of read.events) {
      if (recorded.position > to) return undefined;
      const found = collect(recorded.event);
      if (found !== undefined) return found;
    }
    if (read.position === position) return undefined;
    position = read.position;
  }
  return undefined;
}

/** Takes events one by one and gives the result once it is whole. */
function collector(catalog: Catalog, wants: Wants): (event: Event) => Event | Event[] | undefined {
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
      throw new BusError("invalid_config", `waitFor: count is ${count}; give a whole number from 1`);
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

function isList(on: Wanted | readonly Wanted[]): on is readonly Wanted[] {
  return Array.isArray(on);
}

function wantedType(catalog: Catalog, wanted: Wanted): string {
  const type = typeof wanted === "string" ? wanted : wanted.type;
  if (type.includes("*")) return type;
  if (catalog.resolve(type)?.history === false) {
    throw new BusError(
      "invalid_config",
      `waitFor: ${type} is not kept in history and cannot be waited for; subscribe to it`,
    );
  }
  return type;
}

function describe(wants: Wants): string {
  if (typeof wants === "string") return wants;
  if ("any" in wants) return `any of ${wants.any.map(describe).join(", ")}`;
  if ("all" in wants) return `all of ${wants.all.map(describe).join(", ")}`;
  if ("of" in wants) return `${wants.count} of ${wants.of.map(describe).join(", ")}`;
  if (!("on" in wants)) return wants.type;
  const names = (isList(wants.on) ? wants.on : [wants.on]).map((one) => (typeof one === "string" ? one : one.type));
  return wants.where === undefined ? names.join(", ") : `${names.join(", ")} where ${JSON.stringify(wants.where)}`;
}
