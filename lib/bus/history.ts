import { z } from "zod";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { describeIssues } from "../event/issues.ts";
import { nearest } from "../event/nearest.ts";
import type { History } from "./bus.ts";
import { Changes } from "./changes.ts";
import type { Clock } from "./clock.ts";
import type { Engine, Position } from "./engine.ts";
import { readFlow } from "./flow.ts";
import { historyFilter } from "./history-filter.ts";
import type { HistoryQuery } from "./queries.ts";
import { sincePosition } from "./wait-for.ts";

const time = z.union([z.string(), z.date()]);
const text = z.string().min(1);
const oneOrMore = z.union([text, z.array(text).min(1)]);

const historyFields = {
  type: oneOrMore.optional(),
  source: text.optional(),
  correlationId: text.optional(),
  causationId: text.optional(),
  agentId: text.optional(),
  userId: text.optional(),
  streamId: text.optional(),
  nodeId: text.optional(),
  executionId: text.optional(),
  circleId: text.optional(),
  projectId: text.optional(),
  tag: oneOrMore.optional(),
  ids: z.array(text).optional(),
  since: time.optional(),
  until: time.optional(),
  happenedSince: time.optional(),
  happenedUntil: time.optional(),
};
const pageFields = { limit: z.int().min(1).max(1_000).optional(), cursor: text.optional() };

const querySchemas = {
  history: z.strictObject(historyFields),
  "history.query": z.strictObject({ ...historyFields, ...pageFields }),
  "deadLetters.list": z.strictObject({
    subscription: text.optional(),
    type: text.optional(),
    correlationId: text.optional(),
    eventId: text.optional(),
    code: text.optional(),
    since: time.optional(),
    until: time.optional(),
    ...pageFields,
  }),
  "history.stats": z.strictObject({
    since: time.optional(),
    until: time.optional(),
    window: z.union([text, z.number()]).optional(),
    type: text.optional(),
  }),
};

/** Refuses a query that asks for what there is not: a misspelt filter would match everything. `invalid_config`. */
export function checkQuery(what: keyof typeof querySchemas, query: object): void {
  const schema: z.ZodObject = querySchemas[what];
  const parsed = schema.safeParse(query);
  if (parsed.success) return;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const close = nearest(key, Object.keys(schema.shape));
    const fix = close === undefined ? `known are ${Object.keys(schema.shape).join(", ")}` : `did you mean ${close}?`;
    throw new BusError("invalid_config", `${what}: there is no filter ${key}; ${fix}`);
  }
  const [first] = describeIssues(parsed.error, query, "");
  throw new BusError("invalid_config", `${what}: ${first?.path} is ${first?.value}; ${first?.fix}`);
}

export interface HistoryHost {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Throws once the bus is closed. */
  open(): Engine;
  readonly closing: AbortSignal;
}

/** Events read at a time by `tail`. */
const batch = 256;

/** The reading side of a bus. */
export function createHistory(host: HistoryHost): History {
  return {
    get: async (id) => host.open().get(id),
    query: async (query = {}) => {
      checkQuery("history.query", query);
      const { limit, cursor, ...filter } = query;
      return host.open().query(filter, {
        ...(limit === undefined ? {} : { limit }),
        ...(cursor === undefined ? {} : { cursor }),
      });
    },
    flow: async (correlationId) => readFlow(host.open(), correlationId),
    stats: async (query = {}) => {
      checkQuery("history.stats", query);
      return host.open().stats(query);
    },
    tail: (query = {}, options = {}) => {
      checkQuery("history", query);
      const engine = host.open();
      // Taken now, so that what is published right after this call is seen.
      const from = options.since === undefined ? engine.position("end") : sincePosition(engine, options.since);
      return tail(host, query, from, options.signal);
    },
  };
}

async function* tail(
  host: HistoryHost,
  query: HistoryQuery,
  from: Promise<Position>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Event, void, void> {
  const wants = historyFilter(query);
  const until = signal === undefined ? host.closing : AbortSignal.any([signal, host.closing]);
  const changes = new Changes(host.engine);
  try {
    let position = await from;
    while (!until.aborted) {
      const read = await host.engine.readAfter(position, batch);
      for (const { event } of read.events) {
        if (until.aborted) return;
        if (wants(event, host.clock.now())) yield event;
      }
      if (read.position === position) await changes.next({ clock: host.clock, signal: until, keepAlive: true });
      position = read.position;
    }
  } finally {
    changes.stop();
  }
}
