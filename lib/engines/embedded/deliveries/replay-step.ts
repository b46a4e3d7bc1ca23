import { Router } from "../../../delivery/router.ts";
import type { ReplayStep } from "../../../engine/engine.ts";
import type { HistoryQuery } from "../../../engine/queries.ts";
import { BusError } from "../../../error/bus-error.ts";
import { markReplay } from "../../../replay/replay-mark.ts";
import type { History, StoredRecord } from "../history/history-reader.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { DeliveryEnqueuer } from "./enqueue.ts";
import type { Replays } from "./replays.ts";

export interface ReplayDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly enqueuer: DeliveryEnqueuer;
  readonly history: History;
  readonly replays: Replays;
  now(): number;
  /** Does one thing in a transaction of its own. */
  transact<Result>(act: () => Result): Promise<Result>;
}

/** Events selected in one step. */
const stepSize = 256;
const cursorPattern = /^r(\d{1,16})-(\d{1,16})$/;

/**
 * One step of a replay, oldest first. The cursor carries the end of history as the replay began, so that what its
 * deliveries cause is not replayed in turn.
 */
export async function replayStep(
  host: ReplayDependencies,
  replayId: string,
  query: HistoryQuery,
  to: readonly string[],
  options: { dryRun: boolean; cursor?: string },
): Promise<ReplayStep> {
  const { history } = host;
  const { from, end } = options.cursor === undefined ? { from: 0, end: history.end() } : parseCursor(options.cursor);
  const selected: StoredRecord[] = [];
  for await (const found of history.select(query, "oldest", { from, to: end })) {
    selected.push(found);
    if (selected.length === stepSize) break;
  }
  const last = selected.at(-1)?.seq ?? end;
  const deliveries = options.dryRun
    ? queue(host, replayId, selected, to, { dryRun: true })
    : await host.transact(() => queue(host, replayId, selected, to, { dryRun: false }));
  return {
    events: selected.length,
    deliveries,
    ...(selected.length === stepSize && last < end ? { cursor: `r${last + 1}-${end}` } : {}),
  };
}

function queue(
  { enqueuer, now, subscriptionCache, replays }: ReplayDependencies,
  replayId: string,
  selected: readonly StoredRecord[],
  to: readonly string[],
  { dryRun }: { dryRun: boolean },
): Record<string, number> {
  const deliveries: Record<string, number> = {};
  // One that was deleted since the replay began has no need of it.
  const subs = to.flatMap((name) => subscriptionCache.byName(name) ?? []);
  const router = new Router(subs.map(({ record }) => record));
  const replay = dryRun ? 0 : replays.numberOf(replayId);
  for (const { accepted, event, seq } of selected) {
    for (const { name } of router.route(event)) {
      deliveries[name] = (deliveries[name] ?? 0) + 1;
      const sub = subscriptionCache.byName(name);
      if (dryRun || sub === undefined) continue;
      const arrival = { event: markReplay(event, replayId), seq, accepted, transient: false };
      enqueuer.requeue(sub, arrival, { replay, now: now(), redriven: false });
    }
  }
  return deliveries;
}

function parseCursor(cursor: string): { from: number; end: number } {
  const match = cursorPattern.exec(cursor);
  if (match !== null) return { from: Number(match[1]), end: Number(match[2]) };
  throw new BusError(
    "invalid_config",
    `cursor ${JSON.stringify(cursor)} is not one of a replay; take it from the step before`,
  );
}
