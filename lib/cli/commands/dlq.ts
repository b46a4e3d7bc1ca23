import type { Command } from "commander";
import type { DeadLetterQuery } from "../../engine/queries.ts";
import { BusError } from "../../error/bus-error.ts";
import { addDefaultCommand, createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { addDeadLetterFilters, deadLetterQuery } from "../options/dead-letter-filters.ts";
import { count } from "../options/values.ts";
import { renderDeadLetter, renderDeadLetters } from "../output/dead-letters.ts";
import { writeJson } from "../output/json.ts";
import { plural } from "../output/text.ts";
import { pages } from "../pages.ts";
import { waggleCommand } from "../waggle-command.ts";
import { discardCommand, redriveCommand } from "./dlq-settle.ts";

/** `waggle dlq` */
export function dlqCommand(io: CliIo): Command {
  const group = createCommand(io, "dlq", {
    summary: "list, show, redrive or discard dead letters",
    description:
      "Manages dead letters: deliveries out of attempts, and events that could not be published, each with the reason and " +
      "its own copy of the event.",
    examples: [
      ["dlq", "the latest 20"],
      ["dlq show 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "one dead letter, with every failed attempt and the stack"],
      ["dlq redrive --subscription readers", "deliver again the dead letters of one subscription"],
    ],
  });
  addDefaultCommand(group, listCommand(io));
  return group.addCommand(showCommand(io)).addCommand(redriveCommand(io)).addCommand(discardCommand(io));
}

function listCommand(io: CliIo): Command {
  const command = createCommand(io, "list", {
    summary: "dead letters, newest first",
    examples: [
      ["dlq list --subscription readers --since 1h", "the dead letters of one subscription in the last hour"],
      ["dlq list --code timeout --json", "for another program"],
    ],
    exits: { ok: "listed, even if there are none", failed: "the bus cannot be read" },
  });
  addDeadLetterFilters(command, io);
  return command
    .option("-n, --limit <count>", "maximum number of dead letters to list", count(), 20)
    .option("--cursor <cursor>", "continue after the previous page")
    .action((_, self: Command) => {
      const options = self.optsWithGlobals<GlobalOptions & DeadLetterQuery & { limit: number; cursor?: string }>();
      const query = deadLetterQuery(options);
      return withBus(io, self, {}, async (bus) => {
        let shown = 0;
        let next: string | undefined;
        for await (const page of pages(io, (at) => bus.deadLetters.list({ ...query, ...at }), options)) {
          if (options.json === true) for (const deadLetter of page.deadLetters) writeJson(io.stdout, deadLetter);
          else if (page.deadLetters.length > 0) io.stdout.write(renderDeadLetters(io, page.deadLetters));
          shown += page.deadLetters.length;
          next = page.cursor;
        }
        if (options.json === true) {
          if (next !== undefined) writeJson(io.stderr, { cursor: next });
          return;
        }
        const { dim } = io.stderr.colors;
        const waggle = waggleCommand(io, self);
        const matching = Object.keys(query).length > 0 ? " that match" : "";
        if (shown === 0) io.stderr.write(dim(`there are no dead letters${matching}\n`));
        else if (next === undefined)
          io.stderr.write(dim(`${waggle} dlq show ID shows details; ${waggle} dlq redrive ID tries again\n`));
        else io.stderr.write(dim(`${plural(shown, "dead letter")}; for more, add --cursor ${next}\n`));
      });
    });
}

function showCommand(io: CliIo): Command {
  return createCommand(io, "show", {
    summary: "one dead letter: the reason, every attempt, the event",
    examples: [["dlq show 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "one dead letter in full"]],
    exits: { ok: "shown", failed: "the dead letter does not exist" },
  })
    .argument("<id>", "id of the dead letter")
    .action((id: string, _, self: Command) =>
      withBus(io, self, {}, async (bus) => {
        const deadLetter = await bus.deadLetters.get(id);
        if (deadLetter === undefined) {
          throw new BusError("not_found", `there is no dead letter ${id}; waggle dlq list shows all of them`);
        }
        if (self.optsWithGlobals<GlobalOptions>().json === true) writeJson(io.stdout, deadLetter);
        else io.stdout.write(renderDeadLetter(io, deadLetter));
      }),
    );
}
