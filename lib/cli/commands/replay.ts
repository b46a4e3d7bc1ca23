import type { Command } from "commander";
import type { Bus } from "../../bus/bus.ts";
import type { HistoryQuery } from "../../engine/queries.ts";
import type { ReplayReport } from "../../replay/replay.ts";
import type { ArchiveReplayReport } from "../../replay/replay-archive.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { type AnyEvents, withBus } from "../open-bus.ts";
import { confirm, yesOption } from "../options/confirm.ts";
import { addHistoryFilters, type HistoryFilterOptions, historyQuery } from "../options/history-filters.ts";
import { writeJson } from "../output/json.ts";
import { renderTable } from "../output/table.ts";
import { plural } from "../output/text.ts";
import { noteUnknownTypes } from "../unknown-types.ts";

type Options = GlobalOptions &
  HistoryFilterOptions & { to: string; dryRun?: boolean; all?: boolean; yes?: boolean; fromArchive?: boolean };

/** `waggle replay` */
export function replayCommand(io: CliIo): Command {
  const command = createCommand(io, "replay", {
    summary: "deliver past events again",
    description:
      "Delivers recorded events again to one subscription, or to all that match them. The deliveries are marked and not " +
      "recorded again. --dry-run only counts them. With --from-archive, EventBridge replays a period from its archive (aws), " +
      "for replays that are too large for this process. Ctrl-C cancels it.",
    examples: [
      ["replay --to readers --type memory.created --since 1d --dry-run", "count first"],
      ["replay --to readers --correlation-id run-12", "one flow, to one subscription"],
      ["replay --to '*' 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "one event, to all subscriptions that match it"],
      ["replay --to readers --from-archive --since 2026-03-01 --until 2026-04-01", "a month from the archive"],
    ],
    exits: { ok: "queued, counted, or replayed", failed: "the subscription does not exist, or you did not confirm" },
  });
  command.argument("[ids...]", "ids of events");
  command.requiredOption("--to <subscription>", "name of a subscription, or '*' for all");
  addHistoryFilters(command, io);
  return command
    .option("--all", "the whole history; asks for confirmation")
    .option("--dry-run", "only count")
    .option(
      "--from-archive",
      "let EventBridge replay its archive; requires --since, and allows no other filter but --until",
    )
    .addOption(yesOption())
    .action((ids: string[], _, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      const query = { ...historyQuery(options), ...(ids.length > 0 ? { ids } : {}) };
      const selective = Object.keys(query).length > 0;
      if (selective && options.all === true) {
        self.error("error: --all and ids or options such as --type cannot be used together; pass only one");
      }
      if (options.fromArchive === true && query.since === undefined) {
        self.error("error: --from-archive requires --since, the start of the period");
      }
      if (options.fromArchive === true && options.dryRun === true) {
        self.error("error: --from-archive and --dry-run cannot be used together: an archive does not count its events");
      }
      if (!selective && options.all !== true) {
        self.error("error: missing selection; pass ids, options such as --type, or --all");
      }
      return withBus(io, self, {}, async (bus, { catalog }) => {
        const dryRun = options.dryRun === true;
        if (options.fromArchive === true) return replayArchive(io, bus, query, options);
        const question = `Really deliver the whole history again to ${options.to === "*" ? "all" : options.to}?`;
        if (!selective && !dryRun && !(await confirm(io, self, question, options.yes))) return;
        const report = await bus.replay(query, { to: options.to, dryRun });
        if (options.json === true) writeJson(io.stdout, report);
        else io.stdout.write(renderReport(io, report));
        if (report.events === 0) noteUnknownTypes(io, options.type ?? [], catalog);
      });
    });
}

/** The bus refuses the filters that an archive does not support. */
async function replayArchive(io: CliIo, bus: Bus<AnyEvents>, query: HistoryQuery, options: Options): Promise<void> {
  const { dim } = io.stderr.colors;
  const { since = "", ...others } = query;
  const report = await bus.replayArchive(
    { since, ...others },
    {
      to: options.to,
      signal: io.signal,
      onProgress: ({ id, replayedUntil }) => {
        const progress = replayedUntil === undefined ? "started" : `has reached ${replayedUntil}`;
        io.stderr.write(dim(`replay ${id} ${progress}\n`));
      },
    },
  );
  if (options.json === true) writeJson(io.stdout, report);
  else io.stdout.write(renderArchiveReport(io, report));
}

function renderArchiveReport(io: CliIo, { id, to, since, until }: ArchiveReplayReport): string {
  const { dim } = io.stdout.colors;
  return `replayed the archive from ${since} to ${until} to ${to.join(", ")}${dim(`, replay ${id}`)}\n`;
}

function renderReport(io: CliIo, report: ReplayReport): string {
  const { bold, dim, yellow } = io.stdout.colors;
  const rows = Object.entries(report.deliveries);
  const deliveries = rows.reduce((sum, [, number]) => sum + number, 0);
  const verb = report.dryRun ? "would make" : "made";
  const head = `${plural(report.events, "event")} ${verb} ${plural(deliveries, "delivery", "deliveries")}`;
  const table = renderTable(
    io.stdout,
    [
      { title: "", text: ([name]) => `  ${name}`, style: bold },
      { title: "", text: ([, number]) => number.toLocaleString("en-US"), align: "right" },
    ],
    rows,
  );
  return `${head}${report.dryRun ? yellow(" (dry run)") : dim(`, replay ${report.id}`)}\n${table}`;
}
