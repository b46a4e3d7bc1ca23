import type { Command } from "commander";
import type { Event } from "../../event/event.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { addHistoryFilters, type HistoryFilterOptions, historyQuery } from "../options/history-filters.ts";
import { count, pointInTime } from "../options/values.ts";
import { eventLine } from "../output/event-line.ts";
import { writeJson } from "../output/json.ts";
import { noteUnknownTypes } from "../unknown-types.ts";

type Options = GlobalOptions & HistoryFilterOptions & { since?: string; limit?: number };

/** `waggle tail` */
export function tailCommand(io: CliIo): Command {
  const command = createCommand(io, "tail", {
    summary: "show events as they come",
    description:
      "Shows events as they are accepted, oldest first, from now or from an earlier time on, until Ctrl-C. Replayed " +
      "deliveries and types that history does not keep are not shown.",
    examples: [
      ["tail", "everything from now on"],
      ["tail --since 10m --type '*.failed'", "failures of the last ten minutes, and new ones"],
      ["tail --limit 1 --type agent.task.completed --json", "wait for one event"],
    ],
    exits: { ok: "stopped by Ctrl-C, by --limit or because the output was closed", failed: "history cannot be read" },
  });
  addHistoryFilters(command, io, ["since", "until"]);
  return command
    .option("--since <time>", "start in the past: a time, a day, or how long ago (15m)", pointInTime(io))
    .option("-n, --limit <count>", "stop after this many events", count())
    .action((_, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      return withBus(io, self, { waits: true }, async (bus, { catalog }) => {
        noteUnknownTypes(io, options.type ?? [], catalog);
        const { since, ...filters } = options;
        const start = since === undefined ? {} : { since };
        const events = bus.history.tail(historyQuery(filters), { signal: io.signal, ...start });
        if (io.stderr.isTTY) io.stderr.write(io.stderr.colors.dim("waiting for events; press Ctrl-C to stop\n"));
        await follow(io, events, options);
      });
    });
}

/** Prints events until the limit, or until an interruption, which is the normal end. */
async function follow(io: CliIo, events: AsyncIterable<Event>, options: Options): Promise<void> {
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  for await (const event of events) {
    if (options.json === true) writeJson(io.stdout, event);
    else io.stdout.write(eventLine(io.stdout, event));
    left -= 1;
    if (left <= 0) return;
    await io.stdout.drained();
  }
}
