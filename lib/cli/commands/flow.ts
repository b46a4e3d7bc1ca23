import type { Command } from "commander";
import { createCommand, type GlobalOptions } from "../command.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { renderFlow } from "../output/flow-tree.ts";
import { writeJson } from "../output/json.ts";
import { plural } from "../output/text.ts";
import { waggleCommand } from "../waggle-command.ts";

type Options = GlobalOptions & { ids?: boolean; strict?: boolean };

/** `waggle flow` */
export function flowCommand(io: CliIo): Command {
  return createCommand(io, "flow", {
    summary: "show all events of a flow as a tree",
    description:
      "Shows all events that share a correlation id as a tree of causes, with the time since the start, and what became of " +
      "the deliveries: done, dead or pending, after which time and attempts. The id of any event of the flow can be used.",
    examples: [
      ["flow 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "the tree"],
      ["flow run-12 --ids", "with the id of each event, for waggle history"],
      ["flow run-12 --strict --json | jq .status", "for a script: exit 1 unless the flow is completed"],
    ],
    exits: { ok: "shown", failed: "the flow does not exist; with --strict: it is running or failed" },
  })
    .argument("<id>", "correlation id, or the id of an event of the flow")
    .option("--ids", "show the id of each event rather than its data")
    .option("--strict", "exit 1 unless the flow is completed")
    .action((id: string, _, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      return withBus(io, self, {}, async (bus) => {
        const flow = await bus.history.flow(id);
        if (options.json === true) writeJson(io.stdout, flow);
        else {
          io.stdout.write(renderFlow(io, flow, options));
          const dead = flow.deadLetters.length;
          const hint = `${plural(dead, "dead letter")}: ${waggleCommand(io, self)} dlq list --correlation-id ${flow.id}\n`;
          if (dead > 0) io.stderr.write(io.stderr.colors.dim(hint));
        }
        if (options.strict === true && flow.status !== "completed") io.exitCode = exitCodes.failed;
      });
    });
}
