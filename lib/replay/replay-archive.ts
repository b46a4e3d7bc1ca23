import type { ArchiveSpan, Engine } from "../engine/engine.ts";
import type { ArchiveReplayOptions, ArchiveReplayReport, HistoryQuery } from "../engine/queries.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { formatTime } from "../event/time.ts";
import { checkHistoryQuery } from "../history/check-query.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import { queryTime } from "../runtime/query-time.ts";
import { receivers } from "./replay.ts";

/** See {@link Bus.replay}. */
export async function replayArchive(
  engine: Engine,
  clock: Clock,
  selection: HistoryQuery,
  options: ArchiveReplayOptions & { readonly dryRun?: boolean },
): Promise<ArchiveReplayReport> {
  checkHistoryQuery("history", selection);
  checkCallOptions("replay", options, ["to", "from", "dryRun", "signal", "onProgress"]);
  if (engine.replayArchive === undefined) {
    throw refused(`the ${engine.name} engine has no archive; leave out \`from\`, to replay from history`);
  }
  if (options.dryRun === true) {
    throw refused("the archive tells nobody how many events it has; count with `dryRun` from history, or leave it out");
  }
  const span = spanOf(selection, clock.now());
  // An unnamed subscription has no rule that EventBridge could replay to.
  const deployed = (await engine.listSubscriptions()).filter(({ ephemeral }) => !ephemeral);
  const to = receivers(
    options.to,
    deployed.map(({ record }) => record.name),
  );
  if (to.length === 0) {
    throw new BusError("not_found", "replay from the archive: no subscription is deployed that it could go to");
  }
  const id = await engine.replayArchive(span, to, options);
  return { id, to: [...to], since: formatTime(span.since), until: formatTime(span.until) };
}

function spanOf({ since, until, ...others }: HistoryQuery, now: number): ArchiveSpan {
  const [other] = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (other !== undefined) {
    throw refused(
      `it cannot select by ${other}: the archive knows times only (since, until); a replay from history takes ${other}`,
    );
  }
  const from = queryTime(since, "since");
  if (from === undefined) throw refused("`since` is missing; give the time from which it shall be");
  const to = Math.min(now, queryTime(until, "until") ?? now);
  if (from < to) return { since: from, until: to };
  throw refused(
    `since is ${shortForm(formatTime(from))}, and until ${shortForm(formatTime(to))}; give a time that is past, and ends after it begins`,
  );
}

function refused(why: string): BusError {
  return new BusError("invalid_config", `replay from the archive: ${why}`);
}
