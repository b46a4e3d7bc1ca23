import type { Command } from "commander";
import type { Bus } from "../../bus/bus.ts";
import type { HistoryQuery } from "../../engine/queries.ts";
import type { Event } from "../../event/event.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { type AnyEvents, withBus } from "../open-bus.ts";
import { addHistoryFilters, type HistoryFilterOptions, historyQuery } from "../options/history-filters.ts";
import { count } from "../options/values.ts";
import { renderEvent } from "../output/event-details.ts";
import { renderEvents } from "../output/event-table.ts";
import { writeJson } from "../output/json.ts";
import { plural, printable } from "../output/text.ts";
import { pages } from "../pages.ts";
import { noteUnknownTypes } from "../unknown-types.ts";

type Options = GlobalOptions & HistoryFilterOptions & { limit: number; cursor?: string };

/** `waggle history` */
export function historyCommand(io: CliIo): Command {
  const command = createCommand(io, "history", {
    summary: "list recorded events, or show one",
    description:
      "Lists recorded events, newest first, or shows the event with the given id (with several ids: lists these). If more " +
      "events match than are listed, stderr shows how to get the next ones.",
    examples: [
      ["history", "the latest 20"],
      ["history --type 'task.*' --agent-id reader-1 --since 1h", "the task events of one agent in the last hour"],
      ["history 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "everything about one event"],
      ["history --json --limit 1000 --type memory.created | jq .data", "for another program"],
    ],
    exits: {
      ok: "listed or shown, even if nothing matches",
      failed: "an id does not exist, or history cannot be read",
    },
  });
  command.argument("[ids...]", "ids of events");
  addHistoryFilters(command, io);
  return command
    .option("-n, --limit <count>", "maximum number of events to list", count(), 20)
    .option("--cursor <cursor>", "continue after the previous page")
    .action((ids: string[], _, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      return withBus(io, self, {}, async (bus, { catalog }) => {
        if (ids.length > 0) return show(io, bus, ids, options);
        const query = historyQuery(options);
        const shown = await list(io, bus, query, options);
        if (shown === 0) noteUnknownTypes(io, options.type ?? [], catalog);
      });
    });
}

async function show(io: CliIo, bus: Bus<AnyEvents>, ids: readonly string[], options: Options): Promise<void> {
  const found: Event[] = [];
  for (const id of ids) {
    const event = await bus.history.get(id);
    if (event !== undefined) found.push(event);
    else {
      io.exitCode = exitCodes.failed;
      io.stderr.write(
        `${io.stderr.colors.red("not_found:")} no recorded event has the id ${printable(id)}; ` +
          "its retention may have ended, or it may be the id of a flow (waggle flow) or a dead letter (waggle dlq show)\n",
      );
    }
  }
  const [only] = found;
  if (options.json === true) for (const event of found) writeJson(io.stdout, event);
  else if (ids.length === 1 && only !== undefined) io.stdout.write(renderEvent(io, only));
  else if (found.length > 0) io.stdout.write(renderEvents(io, found));
}

async function list(io: CliIo, bus: Bus<AnyEvents>, query: HistoryQuery, options: Options): Promise<number> {
  let shown = 0;
  let next: string | undefined;
  const read = (page: { limit: number; cursor?: string }) => bus.history.query({ ...query, ...page });
  for await (const page of pages(io, read, options)) {
    if (options.json === true) for (const event of page.events) writeJson(io.stdout, event);
    else if (page.events.length > 0) io.stdout.write(renderEvents(io, page.events));
    shown += page.events.length;
    next = page.cursor;
  }
  if (options.json === true) {
    if (next !== undefined) writeJson(io.stderr, { cursor: next });
    return shown;
  }
  const { dim } = io.stderr.colors;
  if (shown === 0) io.stderr.write(dim("no recorded event matches\n"));
  if (next !== undefined) io.stderr.write(dim(`${plural(shown, "event")}; for more, add --cursor ${next}\n`));
  return shown;
}
