import { createHash } from "node:crypto";
import * as z from "zod";
import { runContext } from "../delivery/run-context.ts";
import type { Entry } from "../engine/event-log.ts";
import { BusError } from "../error/bus-error.ts";
import { type Duration, formatDuration, parseDuration } from "../event/duration.ts";
import type { Event } from "../event/event.ts";
import { lazy } from "../event/lazy.ts";
import { typeMatcher } from "../pattern/type-names.ts";
import { parseCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import type { PublishMiddleware, PublishNext } from "./middleware.ts";

/** What a flow may do before it counts as a loop. */
export interface LoopGuardOptions {
  /** How many events may have caused each other in a row. Default 1,000. */
  readonly depth?: number;
  /** Events that the handlers of this process publish in a flow within `window`. Default 10,000. */
  readonly events?: number;
  /** The same of one type. Default 5,000. */
  readonly ofType?: number;
  /** How often one subscription publishes the same type with the same data in a flow within `window`. Default 50. */
  readonly repeats?: number;
  /** The time over which is counted. Default 1 h. */
  readonly window?: Duration;
  /** Types that are never refused, for recursion that is meant; `*` allowed. Default: none. */
  readonly allow?: readonly string[];
}

/** What the middleware needs of its bus. */
export interface LoopGuardContext {
  readonly clock: Clock;
}

const count = z.int().min(1);
const schema = lazy(() =>
  z.strictObject({
    depth: count.default(1_000),
    events: count.default(10_000),
    ofType: count.default(5_000),
    repeats: count.default(50),
    window: z.unknown().default("1h"),
    allow: z.array(z.string()).readonly().default([]),
  }),
);

type Limits = z.output<ReturnType<typeof schema>>;

/** Flows, and events of which the depth is known, that are remembered; the oldest are forgotten first. */
const mostFlows = 10_000;
const mostDepths = 100_000;
/** Data is compared from this depth on only, since a loop gets there in any case. */
const comparedFrom = 20;

/** What the handlers of this process have published in a flow. */
interface FlowCounts {
  since: number;
  events: number;
  readonly types: Map<string, number>;
  readonly repeats: Map<string, number>;
  told: boolean;
}

/**
 * Middleware that refuses what handlers publish in a loop, as `loop_detected`: a flow whose events cause each other without end,
 * or are too many, or repeat themselves. It publishes `system.loop.detected`, once a flow. Counts are those of this process, so
 * that several processes together get further before one of them refuses. What is published outside of handlers, and deltas that
 * history does not keep, count for nothing. Throws `invalid_config` for a wrong option.
 */
export function loopGuard(options: LoopGuardOptions = {}): (context: LoopGuardContext) => {
  readonly publish: PublishMiddleware;
} {
  const limits = parseCallOptions("loopGuard", schema(), options);
  const windowMs = parseDuration(limits.window, "loopGuard: window", { min: 1_000 });
  const isAllowed = typeMatcher(limits.allow);
  return ({ clock }) => {
    const flows = new Map<string, FlowCounts>();
    const depths = new Map<string, number>();
    const publish: PublishMiddleware = (entry, next) => {
      const { event, history, inHandler } = entry;
      if (!inHandler || !history) return next(entry);
      const depth = (depths.get(event.metadata.causationId ?? "") ?? 0) + 1;
      remember(depths, event.id, depth, mostDepths);
      const counts = countsOf(event, clock.now());
      const problem = isAllowed(event.type) ? undefined : problemOf(event, depth, counts, limits);
      if (problem === undefined) return next(entry);
      return refuse({ entry, next, counts, depth, problem: `${problem} within ${formatDuration(windowMs)}` });
    };

    const countsOf = ({ metadata }: Event, now: number): FlowCounts => {
      const known = flows.get(metadata.correlationId);
      if (known !== undefined && now - known.since < windowMs) return known;
      const counts = { since: now, events: 0, types: new Map(), repeats: new Map(), told: false };
      remember(flows, metadata.correlationId, counts, mostFlows);
      return counts;
    };
    return { publish };
  };
}

/** Counts an event; says what is wrong with it, if anything. */
function problemOf(event: Event, depth: number, counts: FlowCounts, limits: Limits): string | undefined {
  counts.events += 1;
  const ofType = (counts.types.get(event.type) ?? 0) + 1;
  counts.types.set(event.type, ofType);
  if (depth > limits.depth) return `${depth} events caused each other in a row`;
  if (counts.events > limits.events) return `${counts.events} events were published by handlers`;
  if (ofType > limits.ofType) return `${ofType} of ${event.type} were published by handlers`;
  if (depth <= comparedFrom) return undefined;
  const key = createHash("sha1")
    .update(JSON.stringify([runContext.getStore()?.subscription, event.type, event.data]))
    .digest("base64");
  const repeats = (counts.repeats.get(key) ?? 0) + 1;
  counts.repeats.set(key, repeats);
  return repeats > limits.repeats ? `${event.type} came with the same data ${repeats} times` : undefined;
}

interface Refusal {
  readonly entry: Entry;
  readonly next: PublishNext;
  readonly counts: FlowCounts;
  readonly depth: number;
  readonly problem: string;
}

async function refuse({ counts, depth, entry, next, problem }: Refusal): Promise<never> {
  const { event } = entry;
  const { correlationId, causationId } = event.metadata;
  if (!counts.told) {
    counts.told = true;
    await next({
      event: loopDetected(event, { reason: problem, hops: depth, events: counts.events }),
      ownId: true,
      history: true,
      inHandler: true,
    });
  }
  throw new BusError(
    "loop_detected",
    `${event.type} was not published: flow ${correlationId} looks like a loop, since ${problem}; end it, or allow the type or more in loopGuard`,
    { details: { flow: correlationId, type: event.type, ...(causationId === undefined ? {} : { causationId }) } },
  );
}

/** In the name of the source that loops, and of its flow. */
function loopDetected(
  { id, metadata, source, time, type }: Event,
  found: { readonly reason: string; readonly hops: number; readonly events: number },
): Event {
  const { causationId, correlationId } = metadata;
  return Object.freeze({
    id: `loop-${id}`,
    type: "system.loop.detected",
    source,
    time,
    data: Object.freeze({ ...found, type }),
    metadata: Object.freeze({
      version: 1,
      correlationId,
      priority: 1,
      ...(causationId === undefined ? {} : { causationId }),
    }),
  });
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value, most: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
