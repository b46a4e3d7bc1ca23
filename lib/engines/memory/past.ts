import { Router } from "../../delivery/router.ts";
import type { ReplayStep } from "../../engine/engine.ts";
import type { HistoryQuery } from "../../engine/queries.ts";
import type { Event } from "../../event/event.ts";
import { historyFilter } from "../../history/history-filter.ts";
import { markReplay } from "../../replay/replay-mark.ts";
import { queryTime } from "../../runtime/query-time.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { Kept } from "./event-ring-buffer.ts";

/** Gives a subscription that starts in the past what it missed, in order. */
export function backfill(events: Iterable<Kept>, record: SubscriptionRecord, give: (kept: Kept) => void): void {
  const since = record.from === "beginning" ? Number.NEGATIVE_INFINITY : (queryTime(record.from, "from") ?? 0);
  const router = new Router([record]);
  for (const kept of events) {
    if (kept.acceptedAt >= since && router.route(kept.event).length > 0) give(kept);
  }
}

/** A whole replay as one step; `give` is absent where it only counts. */
export function replay(
  events: Iterable<Kept>,
  replayId: string,
  query: HistoryQuery,
  to: readonly SubscriptionRecord[],
  give: ((subscription: string, event: Event) => void) | undefined,
): ReplayStep {
  const wants = historyFilter(query);
  const router = new Router(to);
  const deliveries: Record<string, number> = {};
  let selected = 0;
  for (const { event, acceptedAt } of events) {
    if (!wants(event, acceptedAt)) continue;
    selected += 1;
    for (const { name } of router.route(event)) {
      deliveries[name] = (deliveries[name] ?? 0) + 1;
      give?.(name, markReplay(event, replayId));
    }
  }
  return { events: selected, deliveries };
}
