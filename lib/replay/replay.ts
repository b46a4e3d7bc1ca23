import { Router } from "../delivery/router.ts";
import type { Engine } from "../engine/engine.ts";
import type { RecordedEvent } from "../engine/event-log.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import { BusError, toBusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import type { Event } from "../event/event.ts";
import { checkHistoryQuery } from "../history/check-query.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import { checkNoneUndefined } from "../runtime/check-query.ts";
import { receivers } from "./receivers.ts";
import { markReplay } from "./replay-mark.ts";

/** Where a replay goes, and whether it only counts. */
export interface ReplayOptions {
  /** The name of a subscription, or `"*"` for all that match. */
  to: string;
  /** Only counts what would be delivered. Default false. */
  dryRun?: boolean;
}

/** What a replay did, or would do. */
export interface ReplayReport {
  /** The mark that the replayed deliveries carry. */
  id: string;
  /** Whether it only counted. */
  dryRun: boolean;
  /** Events selected. */
  events: number;
  /** Deliveries queued, by subscription: an event goes only to subscriptions that match it. */
  deliveries: Record<string, number>;
}

/** Events that are queued together. */
const pageSize = 256;

/**
 * See {@link Bus.replay}: queries the log, routes each event, and queues it again, oldest first. What was accepted after
 * the call is left out, since the replayed deliveries may cause events in turn. Where the engine fails half way, the error's
 * `details.report` says what was delivered until then.
 */
export async function replay(
  engine: Engine,
  nextId: () => string,
  selection: HistoryQuery,
  options: ReplayOptions,
): Promise<ReplayReport> {
  checkSelection(selection, options);
  const records = (await engine.subscriptions.list()).map(({ record }) => record);
  const names = receivers(
    options.to,
    records.map(({ name }) => name),
  );
  const router = new Router(records.filter(({ name }) => names.includes(name)));
  const dryRun = options.dryRun === true;
  const deliveries: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const report: ReplayReport = { id: nextId(), dryRun, events: 0, deliveries };
  try {
    for await (const page of pages(engine, selection)) {
      report.events += page.length;
      for (const [name, events] of routed(router, page)) {
        if (!dryRun && !(await enqueue(engine, name, events, report.id))) continue;
        deliveries[name] = (deliveries[name] ?? 0) + events.length;
      }
    }
  } catch (thrown) {
    throw interrupted(report, toBusError(thrown));
  }
  return report;
}

/** `invalid_config`, before anything is done: a wrong shape must not mean everything, nor a dry run be a real one. */
function checkSelection(selection: HistoryQuery, options: ReplayOptions): void {
  checkHistoryQuery("history", selection);
  checkNoneUndefined("replay", selection);
  checkCallOptions("replay", options, ["to", "dryRun"]);
  const { dryRun } = options;
  if (dryRun === undefined || typeof dryRun === "boolean") return;
  throw new BusError("invalid_config", `replay: dryRun ${mustBe("true or false", dryRun)}`);
}

/** Says of a replay that failed half way what it had delivered: that stays. */
function interrupted(report: ReplayReport, error: BusError): BusError {
  const delivered = Object.values(report.deliveries).reduce((sum, count) => sum + count, 0);
  if (delivered === 0 || report.dryRun) return error;
  return new BusError(
    error.code,
    `replay ${report.id} stopped after ${delivered} deliveries, which are kept; another replay delivers them again: ${error.message}`,
    { cause: error, retryable: error.retryable, details: { ...error.details, report } },
  );
}

async function* pages(engine: Engine, selection: HistoryQuery): AsyncGenerator<readonly RecordedEvent[], void, void> {
  const upTo = await engine.log.position("end");
  let cursor: string | undefined;
  do {
    const page = await engine.log.query(selection, {
      order: "oldest",
      limit: pageSize,
      upTo,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield page.events;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The events of a page that each subscription wants. */
function routed(router: Router, page: readonly RecordedEvent[]): Map<string, Event[]> {
  const byName = new Map<string, Event[]>();
  for (const { event } of page) {
    for (const { name } of router.route(event)) {
      const events = byName.get(name);
      if (events === undefined) byName.set(name, [event]);
      else events.push(event);
    }
  }
  return byName;
}

/** False where the subscription was deleted since the replay began: it has no need of it. */
async function enqueue(engine: Engine, name: string, events: readonly Event[], replayId: string): Promise<boolean> {
  try {
    await engine.deliveries.enqueue(
      name,
      events.map((event) => markReplay(event, replayId)),
      { replayId },
    );
    return true;
  } catch (thrown) {
    const error = toBusError(thrown);
    if (error.code !== "not_found") throw error;
    return false;
  }
}
