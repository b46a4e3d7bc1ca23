import type { DeployedSubscription } from "../../../aws-shared/index.ts";
import { Router } from "../../../delivery/router.ts";
import type { ReplayStep } from "../../../engine/engine.ts";
import type { HistoryQuery } from "../../../engine/queries.ts";
import type { Event } from "../../../event/event.ts";
import { markReplay } from "../../../replay/replay-mark.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { AwsDependencies, HistoryStore } from "../dependencies.ts";
import { decodeReplayCursor, encodeReplayCursor, type ReplayCursor } from "./cursor.ts";
import { type QueueEntry, toQueueEntry } from "./queue-entry.ts";
import { sendAll } from "./send.ts";

export interface ReplayDependencies extends Pick<AwsDependencies, "config" | "clients" | "clock" | "random"> {
  readonly history: Pick<HistoryStore, "query">;
}

/** Where replayed events may go. */
export interface Target {
  readonly record: SubscriptionRecord;
  /** Absent where the subscription is this process's own. */
  readonly deployed?: DeployedSubscription;
  readonly give?: (event: Event) => void;
}

/** Events of one step at most; events below which the next step takes in more time. */
const [most, few] = [1_000, 250];
const hourMs = 3_600_000;

/**
 * One step of a replay, oldest first: history gives pages newest first, so a step takes in a span of time that holds few
 * enough to be turned round. The span adapts to how dense history is.
 */
export async function replayStep(
  parts: ReplayDependencies,
  replayId: string,
  query: HistoryQuery,
  targets: readonly Target[],
  options: { dryRun: boolean; cursor?: string },
): Promise<ReplayStep> {
  const cursor = options.cursor === undefined ? begin(parts, query) : decodeReplayCursor(options.cursor);
  const until = Math.min(cursor.end, cursor.from + cursor.span);
  const events = cursor.from >= until ? [] : await inSpan(parts.history, query, cursor.from, until);
  if (events === undefined) {
    return { events: 0, deliveries: {}, cursor: encodeReplayCursor({ ...cursor, span: Math.ceil(cursor.span / 4) }) };
  }
  const deliveries = await deliver(parts, replayId, events, targets, options.dryRun);
  const span = events.length < few ? cursor.span * 4 : cursor.span;
  const next = encodeReplayCursor({ from: until, end: cursor.end, span: Math.min(span, cursor.end) });
  return { events: events.length, deliveries, ...(until < cursor.end ? { cursor: next } : {}) };
}

function begin({ clock, config }: ReplayDependencies, query: HistoryQuery): ReplayCursor {
  const now = clock.now();
  const end = Math.min(now + 1, queryTime(query.until, "until") ?? Number.POSITIVE_INFINITY);
  // An hour more than history keeps: where nothing is, looking costs next to nothing.
  const from = Math.max(0, queryTime(query.since, "since") ?? now - config.retentionMs - hourMs);
  return { from: Math.floor(from), end: Math.ceil(end), span: hourMs };
}

/** Events of a span in order of acceptance; undefined where there are too many for one step and the span can be shorter. */
async function inSpan(
  history: Pick<HistoryStore, "query">,
  query: HistoryQuery,
  from: number,
  until: number,
): Promise<Event[] | undefined> {
  const spanned = { ...query, since: new Date(from), until: new Date(until) };
  const events: Event[] = [];
  let cursor: string | undefined;
  do {
    const page = await history.query(spanned, { limit: most, ...(cursor === undefined ? {} : { cursor }) });
    events.push(...page.events);
    cursor = page.cursor;
    if (cursor !== undefined && until - from > 1) return undefined;
  } while (cursor !== undefined);
  return events.reverse();
}

async function deliver(
  parts: ReplayDependencies,
  replayId: string,
  events: readonly Event[],
  targets: readonly Target[],
  dryRun: boolean,
): Promise<Record<string, number>> {
  const router = new Router(targets.map(({ record }) => record));
  const byName = new Map(targets.map((target) => [target.record.name, target]));
  const deliveries: Record<string, number> = {};
  const queues = new Map<DeployedSubscription, QueueEntry[]>();
  for (const event of events) {
    for (const { name } of router.route(event)) {
      deliveries[name] = (deliveries[name] ?? 0) + 1;
      const target = byName.get(name);
      if (dryRun || target === undefined) continue;
      target.give?.(markReplay(event, replayId));
      if (target.deployed === undefined) continue;
      const entries = queues.get(target.deployed) ?? [];
      queues.set(target.deployed, entries);
      entries.push(toQueueEntry(event, target.deployed, { attribute: "replay", id: replayId }));
    }
  }
  for (const [deployed, entries] of queues) await sendAll(parts, deployed, entries);
  return deliveries;
}
