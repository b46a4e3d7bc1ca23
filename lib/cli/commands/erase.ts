import { type Command, Option } from "commander";
import type { ErasureReport } from "../../bus/erase.ts";
import type { ErasureSelection } from "../../engine/erasure.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { confirm, yesOption } from "../options/confirm.ts";
import { writeJson } from "../output/json.ts";
import { plural } from "../output/text.ts";

type Options = GlobalOptions & {
  user?: string;
  correlationId?: string;
  reason?: string;
  dryRun?: boolean;
  yes?: boolean;
};

/** `waggle erase` */
export function eraseCommand(io: CliIo): Command {
  const command = createCommand(io, "erase", {
    summary: "erase a user's data for good, with a proof",
    description:
      "Erases the data of all events of a user (metadata.userId), of a flow, or of some events: in history, in deliveries that " +
      "wait and in dead letters. The events stay without their data, so that flows and counts stay as they were. Publishes " +
      "system.data.erased with digests of what was there and of what is left. --dry-run only counts. Asks for confirmation.",
    examples: [
      ["erase --user user-7 --dry-run", "count first"],
      ["erase --user user-7 --reason 'request 12' --yes", "all of a user"],
      ["erase 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "one event"],
    ],
    exits: { ok: "erased or counted", failed: "the engine cannot erase, or you did not confirm" },
  });
  return command
    .argument("[ids...]", "ids of events")
    .addOption(new Option("--user <id>", "events with this metadata.userId"))
    .addOption(new Option("--correlation-id <id>", "events of this flow"))
    .option("--reason <text>", "why; it goes into the proof")
    .option("--dry-run", "only count")
    .addOption(yesOption())
    .action((ids: string[], _, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      const { correlationId, user } = options;
      const chosen: [ErasureSelection, string][] = [
        ...(user === undefined ? [] : [[{ userId: user }, `user ${user}`] satisfies [ErasureSelection, string]]),
        ...(correlationId === undefined
          ? []
          : [[{ correlationId }, `flow ${correlationId}`] satisfies [ErasureSelection, string]]),
        ...(ids.length === 0 ? [] : [[{ ids }, plural(ids.length, "event")] satisfies [ErasureSelection, string]]),
      ];
      const [one, another] = chosen;
      if (one === undefined || another !== undefined) {
        self.error("error: pass exactly one of --user, --correlation-id and ids of events");
      }
      const [selection, what] = one;
      return withBus(io, self, {}, async (bus) => {
        const dryRun = options.dryRun === true;
        const question = `Really erase the data of ${what} for good?`;
        if (!dryRun && !(await confirm(io, self, question, options.yes))) return;
        const { reason } = options;
        const report = await bus.erase(selection, { dryRun, ...(reason === undefined ? {} : { reason }) });
        if (options.json === true) writeJson(io.stdout, report);
        else io.stdout.write(render(io, report));
      });
    });
}

function render(io: CliIo, { deadLetters, digestAfter, digestBefore, event, events }: ErasureReport): string {
  const { dim, yellow } = io.stdout.colors;
  const counts = `${plural(events, "event")} and ${plural(deadLetters, "dead letter")}`;
  if (event === undefined) return `would erase ${counts}${yellow(" (dry run)")}\n`;
  return `erased ${counts}${dim(`, proof ${event.id}`)}\n  ${dim("before")} ${digestBefore}\n  ${dim("after")}  ${digestAfter}\n`;
}
