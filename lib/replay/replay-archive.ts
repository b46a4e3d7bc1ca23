import type { ArchiveReplayProgress, ArchiveSpan } from "../engine/archive.ts";
import type { Engine } from "../engine/engine.ts";
import type { HistoryQuery } from "../engine/queries.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { formatTime } from "../event/time.ts";
import { checkHistoryQuery } from "../history/check-query.ts";
import { checkCallOptions } from "../runtime/call-options.ts";
import type { Clock } from "../runtime/clock.ts";
import { queryTime } from "../runtime/query-time.ts";
import { receivers } from "./receivers.ts";

/** Which events a replay from the archive takes: it knows their times only. RFC 3339 or a Date; the archive has seconds. */
export interface ArchiveSelection {
  /** `time` at or after. */
  since: string | Date;
  /** `time` before. Default: now; what was published in the last ten minutes may not be in the archive yet. */
  until?: string | Date;
}

/** Where a replay from the archive goes. */
export interface ArchiveReplayOptions {
  /** A deployed subscription's name, or `"*"` for all of them. */
  to: string;
  /** Aborted, the replay is cancelled; what it has delivered by then stays. */
  signal?: AbortSignal;
  /** Called once the replay has started, and then on each progress. */
  onProgress?: (progress: ArchiveReplayProgress) => void;
}

/** A replay from the archive that is complete. EventBridge does not say how many events it had. */
export interface ArchiveReplayReport {
  /** The mark that the replayed deliveries carry. */
  id: string;
  /** Subscriptions whose rules it went through, in the order of their names. An event goes only to those that match it. */
  to: string[];
  /** RFC 3339: where the replayed time starts. */
  since: string;
  /** RFC 3339: where it ends; not included. */
  until: string;
}

/** See {@link Bus.replayArchive}. */
export async function replayArchive(
  engine: Engine,
  clock: Clock,
  selection: HistoryQuery,
  options: ArchiveReplayOptions,
): Promise<ArchiveReplayReport> {
  checkHistoryQuery("history", selection);
  checkCallOptions("replayArchive", options, ["to", "signal", "onProgress"]);
  if (engine.archive === undefined) {
    throw refused(`the ${engine.name} engine has no archive; use \`replay\` to replay from history`);
  }
  const span = spanOf(selection, clock.now());
  // An unnamed subscription has no rule that EventBridge could replay to.
  const deployed = (await engine.subscriptions.list()).filter(({ ephemeral }) => !ephemeral);
  const to = receivers(
    options.to,
    deployed.map(({ record }) => record.name),
  );
  if (to.length === 0) {
    throw new BusError(
      "not_found",
      "replay from the archive: there is no deployed subscription to replay to; deploy one",
    );
  }
  const id = await engine.archive.replay(span, to, options);
  return { id, to: [...to], since: formatTime(span.since), until: formatTime(span.until) };
}

function spanOf({ since, until, ...others }: HistoryQuery, now: number): ArchiveSpan {
  const [other] = Object.entries(others).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (other !== undefined) {
    throw refused(
      `unknown filter ${other}; the archive filters by \`since\` and \`until\` only, \`replay\` from history by ${other} too`,
    );
  }
  const from = queryTime(since, "since");
  if (from === undefined) throw refused("since is missing; it must be the time to replay from");
  const to = Math.min(now, queryTime(until, "until") ?? now);
  if (from < to) return { since: from, until: to };
  throw refused(
    `since must be a past time before until, which is ${formatTime(to)}, not ${shortForm(formatTime(from))}`,
  );
}

function refused(why: string): BusError {
  return new BusError("invalid_config", `replay from the archive: ${why}`);
}
