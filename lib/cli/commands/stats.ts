import type { Command } from "commander";
import type { StatsRow } from "../../engine/queries.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { pointInTime } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { type Column, renderTable } from "../output/table.ts";
import { plural, printable } from "../output/text.ts";
import { noteUnknownTypes } from "../unknown-types.ts";

type Options = GlobalOptions & { type?: string; since?: string; until?: string; window?: string };

/** The length of the longest bar in characters. */
const barWidth = 24;

/** `waggle stats` */
export function statsCommand(io: CliIo): Command {
  return createCommand(io, "stats", {
    summary: "count events by type and time",
    description: "Counts recorded events by type, over all time or in windows of time.",
    examples: [
      ["stats", "the number of events of each type"],
      ["stats --since 1d --window 1h", "the last day, hour by hour"],
      ["stats --type 'task.*' --json", "for another program"],
    ],
    exits: { ok: "counted, even if nothing matches", failed: "history cannot be read" },
  })
    .option("-w, --window <duration>", "length of a window, in whole minutes: 1m, 1h, 1d")
    .option("-t, --type <type>", "only this type, * allowed")
    .option("--since <time>", "accepted at or after: a time, a day, or how long ago (15m)", pointInTime(io))
    .option("--until <time>", "accepted before", pointInTime(io))
    .action((_, self: Command) => {
      const { json, type, since, until, window } = self.optsWithGlobals<Options>();
      return withBus(io, self, {}, async (bus, { catalog }) => {
        const rows = await bus.history.stats({
          ...(type === undefined ? {} : { type }),
          ...(since === undefined ? {} : { since }),
          ...(until === undefined ? {} : { until }),
          ...(window === undefined ? {} : { window }),
        });
        if (json === true) for (const row of rows) writeJson(io.stdout, row);
        else if (rows.length > 0) io.stdout.write(renderStats(io, rows));
        if (rows.length > 0) return;
        if (json !== true) io.stderr.write(io.stderr.colors.dim("no recorded event matches\n"));
        noteUnknownTypes(io, type === undefined ? [] : [type], catalog);
      });
    });
}

function renderStats(io: CliIo, rows: readonly StatsRow[]): string {
  const { dim, bold, cyan } = io.stdout.colors;
  const most = Math.max(...rows.map((row) => row.count));
  const columns: Column<StatsRow>[] = [
    { title: "TYPE", text: (row) => printable(row.type), style: bold },
    { title: "EVENTS", text: (row) => row.count.toLocaleString("en-US"), align: "right" },
    { title: "", text: (row) => bar(row.count / most), style: cyan },
  ];
  // Rows are sorted by window.
  const windowed = rows.some((row) => row.from !== undefined);
  if (windowed) columns.unshift({ title: "FROM", text: (row) => row.from?.replace(":00.000Z", "Z") ?? "", style: dim });
  const types = new Set(rows.map((row) => row.type)).size;
  const total = rows.reduce((sum, row) => sum + row.count, 0);
  return `${renderTable(io.stdout, columns, rows)}${dim(`${plural(total, "event")} of ${plural(types, "type")}`)}\n`;
}

/** Draws a bar in steps of an eighth of a character, so that small shares differ too. */
function bar(share: number): string {
  const eighths = Math.max(1, Math.round(share * barWidth * 8));
  return "█".repeat(Math.floor(eighths / 8)) + (["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8] ?? "");
}
