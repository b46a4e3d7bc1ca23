import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { didYouMean } from "../event/nearest.ts";
import { checkCallOptions } from "./call-options.ts";
import { checkQuery } from "./check-query.ts";
import type { Engine } from "./engine.ts";
import type { HistoryQuery, ReplayOptions, ReplayReport } from "./queries.ts";

/** See {@link Bus.replay}. */
export async function replay(
  engine: Engine,
  nextId: () => string,
  selection: HistoryQuery,
  options: ReplayOptions,
): Promise<ReplayReport> {
  checkQuery("history", selection);
  checkCallOptions("replay", options, ["to", "dryRun"]);
  if (typeof options.to !== "string") {
    throw new BusError(
      "invalid_config",
      `replay: to is ${shortForm(options.to)}; give the name of a subscription, or "*" for all that match`,
    );
  }
  const names = (await engine.listSubscriptions()).map(({ record }) => record.name);
  if (options.to !== "*" && !names.includes(options.to)) {
    const fix = didYouMean(options.to, names, `known are ${names.join(", ") || "none"}`);
    throw new BusError("not_found", `replay: there is no subscription ${options.to}${fix}`);
  }
  const to = options.to === "*" ? names : [options.to];
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
