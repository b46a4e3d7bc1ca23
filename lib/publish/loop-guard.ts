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
import {
  type BusMiddleware,
  busMiddleware,
  busMiddlewareName,
  type PublishMiddleware,
  type PublishNext,
} from "./middleware.ts";

/** What a flow may do before it counts as a loop. */
export interface LoopGuardOptions {
  /** How many events may have caused each other in a row, on all machines: `metadata.hops`. Default 1,000. */
  readonly depth?: number;
  /** Events that the handlers of this process publish in a flow within `window`. Default 100,000. */
  readonly events?: number;
  /** The same of one type. Default 50,000. */
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

const defaults = { depth: 1_000, events: 100_000, ofType: 50_000, repeats: 50, window: "1h", allow: [] } as const;
const schema = lazy(() => {
  const count = z.int().min(1);
  return z.strictObject({
    depth: count.default(defaults.depth),
    events: count.default(defaults.events),
    ofType: count.default(defaults.ofType),
    repeats: count.default(defaults.repeats),
    window: z.unknown().default(defaults.window),
    allow: z.array(z.string()).readonly().default(defaults.allow),
  });
});

type Limits = z.output<ReturnType<typeof schema>>;

/** Flows, and contents of one, that are remembered; the oldest are forgotten first. */
const mostFlows = 10_000;
const mostContents = 1_000;
/** Data is compared from this depth on only, since a loop gets there in any case. */
const comparedFrom = 20;

/** What the handlers of this process have published in a flow. */
interface FlowCounts {
  since: number;
  events: number;
  readonly types: Map<string, number>;
  /** By what is the same; made once there is something to compare. */
  repeats?: Map<string, number>;
  told: boolean;
}

const name = "loopGuard";

/** Whether middleware is a loop guard: a bus that is given one has no other. */
export function isLoopGuard(middleware: object): boolean {
  return busMiddlewareName(middleware) === name;
}

/**
 * Middleware that refuses what is published in a loop, as `loop_detected`: a flow whose events cause each other without end,
 * or are too many, or repeat themselves. It publishes `system.loop.detected`, once a flow and process. Every bus has one with
 * the default options; one in `use` replaces it, and `loopGuard(false)` refuses nothing. The depth travels with the event, so
 * that it holds across processes and functions; what is counted is what the handlers of this process publish. What is published
 * outside of handlers, and deltas that history does not keep, count for nothing. Throws `invalid_config` for a wrong option.
 */
export function loopGuard(
  options?: LoopGuardOptions | false,
): ((context: LoopGuardContext) => { readonly publish?: PublishMiddleware }) & BusMiddleware {
  if (options === false) return busMiddleware(name, () => ({}));
  // Every bus has one by default: it must not cost the schema.
  const limits: Limits = options === undefined ? defaults : parseCallOptions(name, schema(), options);
  const windowMs = parseDuration(limits.window, `${name}: window`, { min: 1_000 });
  const isAllowed = typeMatcher(limits.allow);
  return busMiddleware(name, ({ clock }: LoopGuardContext) => {
    const flows = new Map<string, FlowCounts>();
    const publish: PublishMiddleware = (entry, next) => {
      const { event, history, inHandler } = entry;
      // A handler elsewhere, such as a client in another language, tells by the hops that it is one.
      const depth = event.metadata.hops ?? 0;
      if ((!inHandler && depth <= limits.depth) || !history) return next(entry);
      const counts = countsOf(event, clock.now());
      const problem = problemOf(event, depth, counts);
      return problem === undefined || isAllowed(event.type) ? next(entry) : refuse({ entry, next, counts, problem });
    };

    const countsOf = ({ metadata }: Event, now: number): FlowCounts => {
      const known = flows.get(metadata.correlationId);
      if (known !== undefined && now - known.since < windowMs) return known;
      const counts = { since: now, events: 0, types: new Map(), told: false };
      remember(flows, metadata.correlationId, counts, mostFlows);
      return counts;
    };

    /** Counts an event; says what is wrong with it, if anything. */
    const problemOf = (event: Event, depth: number, counts: FlowCounts): string | undefined => {
      counts.events += 1;
      const ofType = (counts.types.get(event.type) ?? 0) + 1;
      counts.types.set(event.type, ofType);
      if (depth > limits.depth) return `${depth} events caused each other in a row`;
      const what = tooMany(event, depth, counts, limits);
      return what === undefined ? undefined : `${what} within ${formatDuration(windowMs)}`;
    };
    return { publish };
  });
}

function tooMany(event: Event, depth: number, counts: FlowCounts, limits: Limits): string | undefined {
  const ofType = counts.types.get(event.type) ?? 0;
  if (counts.events > limits.events) return `${counts.events} events were published by handlers`;
  if (ofType > limits.ofType) return `${ofType} of ${event.type} were published by handlers`;
  if (depth <= comparedFrom) return undefined;
  const key = createHash("sha1")
    .update(JSON.stringify([runContext.getStore()?.subscription, event.type, event.data]))
    .digest("base64");
  counts.repeats ??= new Map();
  const repeats = (counts.repeats.get(key) ?? 0) + 1;
  remember(counts.repeats, key, repeats, mostContents);
  return repeats > limits.repeats ? `${event.type} came with the same data ${repeats} times` : undefined;
}

interface Refusal {
  readonly entry: Entry;
  readonly next: PublishNext;
  readonly counts: FlowCounts;
  readonly problem: string;
}

async function refuse({ counts, entry, next, problem }: Refusal): Promise<never> {
  const { event, inHandler } = entry;
  const { causationId, correlationId, hops = 0 } = event.metadata;
  const error = new BusError(
    "loop_detected",
    `${event.type} was not published: flow ${correlationId} looks like a loop, since ${problem}; end it, start anew with metadata.hops 0, or allow the type or more in ${name}`,
    { details: { flow: correlationId, type: event.type, ...(causationId === undefined ? {} : { causationId }) } },
  );
  if (counts.told) throw error;
  counts.told = true;
  const told = loopDetected(event, { reason: problem, hops, events: counts.events });
  try {
    await next({ event: told, ownId: true, history: true, inHandler });
  } catch {
    // The refusal itself is what the caller has to know; the next one tells the flow.
    counts.told = false;
  }
  throw error;
}

/** In the name of the source that loops, and of its flow. */
function loopDetected(
  { id, metadata, source, time, type }: Event,
  found: { readonly reason: string; readonly hops: number; readonly events: number },
): Event {
  const { causationId, correlationId } = metadata;
  return Object.freeze({
    id: `loop-${createHash("sha256").update(id).digest("base64url")}`,
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
