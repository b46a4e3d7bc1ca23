import type { Engine } from "../engine/engine.ts";
import type { HistoryQuery, ReplayOptions, ReplayReport } from "../engine/queries.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { didYouMean } from "../event/nearest.ts";
import { checkHistoryQuery } from "../history/check-query.ts";
import { checkCallOptions } from "../runtime/call-options.ts";

/** See {@link Bus.replay}. */
export async function replay(
  engine: Engine,
  nextId: () => string,
  selection: HistoryQuery,
  options: ReplayOptions,
): Promise<ReplayReport> {
  checkHistoryQuery("history", selection);
  checkCallOptions("replay", options, ["to", "from", "dryRun"]);
  const { from = "history" } = options;
  if (from !== "history") {
    throw new BusError("invalid_config", `replay: from is ${shortForm(from)}; give "history", or "archive" (aws)`);
  }
  const states = await engine.listSubscriptions();
  const to = receivers(
    options.to,
    states.map(({ record }) => record.name),
  );
  const dryRun = options.dryRun === true;
  const report: ReplayReport = {
    id: nextId(),
    dryRun,
    events: 0,
    deliveries: Object.fromEntries(to.map((name) => [name, 0])),
  };
  let cursor: string | undefined;
  do {
    const step = await engine.replayStep(report.id, selection, to, {
      dryRun,
      ...(cursor === undefined ? {} : { cursor }),
    });
    report.events += step.events;
    for (const [name, count] of Object.entries(step.deliveries)) {
      report.deliveries[name] = (report.deliveries[name] ?? 0) + count;
    }
    cursor = step.cursor;
  } while (cursor !== undefined);
  return report;
}

/** The subscriptions that `to` means, of those there are. `invalid_config`, `not_found`. */
export function receivers(to: string, names: readonly string[]): readonly string[] {
  if (typeof to !== "string") {
    throw new BusError(
      "invalid_config",
      `replay: to is ${shortForm(to)}; give the name of a subscription, or "*" for all that match`,
    );
  }
  if (to === "*") return names;
  if (names.includes(to)) return [to];
  const fix = didYouMean(to, names, `known are ${names.join(", ") || "none"}`);
  throw new BusError("not_found", `replay: there is no subscription ${to}${fix}`);
}
