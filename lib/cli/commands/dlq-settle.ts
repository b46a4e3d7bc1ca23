import type { Command } from "commander";
import type { DeadLetterReport, DeadLetters } from "../../dead-letters/dead-letters.ts";
import type { DeadLetterQuery } from "../../engine/queries.ts";
import { type CommandHelp, createCommand, type GlobalOptions } from "../command.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { confirm, yesOption } from "../options/confirm.ts";
import { addDeadLetterFilters, deadLetterQuery } from "../options/dead-letter-filters.ts";
import { writeJson } from "../output/json.ts";
import { plural, printable } from "../output/text.ts";

type Options = GlobalOptions & DeadLetterQuery & { all?: boolean; yes?: boolean };

/** `waggle dlq redrive` */
export function redriveCommand(io: CliIo): Command {
  return settleCommand(io, "redrive", "redriven", {
    summary: "deliver again, only to the subscription that failed",
    description:
      "Enqueues dead letters again for the subscription that failed, and no other, with a new set of attempts. An event that " +
      "could not be published is published again, with the same id.",
    examples: [
      ["dlq redrive 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "one dead letter"],
      ["dlq redrive --type 'memory.*' --since 1h", "all that match"],
      ["dlq redrive --all --yes", "all dead letters, without confirmation"],
    ],
  });
}

/** `waggle dlq discard` */
export function discardCommand(io: CliIo): Command {
  return settleCommand(io, "discard", "discarded", {
    summary: "delete permanently",
    description: "Deletes dead letters permanently. The events stay in history until their retention ends.",
    examples: [
      ["dlq discard 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "one dead letter"],
      ["dlq discard --subscription readers --until 7d", "those of one subscription that are older than a week"],
    ],
  });
}

function settleCommand(io: CliIo, verb: "redrive" | "discard", done: string, help: CommandHelp): Command {
  const command = createCommand(io, verb, {
    ...help,
    exits: { ok: `all selected dead letters are ${done}`, failed: "some are not, or you did not confirm" },
  });
  command.argument("[ids...]", "ids of dead letters; or select them by options");
  addDeadLetterFilters(command, io);
  return command
    .option("--all", "every dead letter; asks for confirmation")
    .addOption(yesOption())
    .action((ids: string[], _, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      const selected = selection(self, ids, options);
      return withBus(io, self, {}, async (bus) => {
        const question = `Really ${verb} every dead letter?`;
        if (options.all === true && !(await confirm(io, self, question, options.yes))) return;
        report(io, await settle(bus.deadLetters, verb, selected), done, options);
      });
    });
}

function settle(
  deadLetters: DeadLetters,
  verb: "redrive" | "discard",
  selected: readonly string[] | DeadLetterQuery,
): Promise<DeadLetterReport> {
  return verb === "redrive" ? deadLetters.redrive(selected) : deadLetters.discard(selected);
}

/** Requires exactly one of ids, options and `--all`, so that a forgotten selection does not mean everything. */
function selection(command: Command, ids: string[], options: Options): readonly string[] | DeadLetterQuery {
  const query = deadLetterQuery(options);
  const given = [ids.length > 0, Object.keys(query).length > 0, options.all === true].filter(Boolean).length;
  if (given === 0) return command.error("error: missing selection; pass ids, options such as --subscription, or --all");
  if (given > 1) {
    return command.error(
      "error: ids, options such as --subscription, and --all cannot be used together; pass only one",
    );
  }
  return ids.length > 0 ? ids : query;
}

function report(io: CliIo, { done, failed }: DeadLetterReport, participle: string, options: Options): void {
  if (failed.length > 0) io.exitCode = exitCodes.failed;
  if (options.json === true) {
    for (const id of done) writeJson(io.stdout, { id, ok: true });
    for (const { id, message } of failed) writeJson(io.stdout, { id, ok: false, message });
    return;
  }
  const { red, green } = io.stdout.colors;
  for (const { id, message } of failed) io.stderr.write(`${red("✗")} ${id}: ${printable(message)}\n`);
  if (done.length === 0 && failed.length === 0) io.stdout.write("no dead letter matches\n");
  else
    io.stdout.write(`${done.length > 0 ? `${green("✓")} ` : ""}${plural(done.length, "dead letter")} ${participle}\n`);
}
