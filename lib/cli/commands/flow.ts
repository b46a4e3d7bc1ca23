import type { Command } from "commander";
import type { Bus } from "../../bus/bus.ts";
import { toBusError } from "../../error/bus-error.ts";
import type { Flow } from "../../history/flow.ts";
import { changes } from "../changes.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { type AnyEvents, withBus } from "../open-bus.ts";
import { renderFlow } from "../output/flow-tree.ts";
import { toJson, writeJson } from "../output/json.ts";
import { Screen } from "../output/screen.ts";
import { plural, printable } from "../output/text.ts";
import { waggleCommand } from "../waggle-command.ts";

type Options = GlobalOptions & { ids?: boolean; strict?: boolean; watch?: boolean };

/** `waggle flow` */
export function flowCommand(io: CliIo): Command {
  return createCommand(io, "flow", {
    summary: "show all events of a flow as a tree",
    description:
      "Shows all events that share a correlation id as a tree of causes, with the time since the start, and what became of " +
      "the deliveries: done, dead or pending, after which time and attempts. Where events report tokens or cost, these are " +
      "shown with each event and summed by agent. The id of any event of the flow can be used.",
    examples: [
      ["flow 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d", "the tree"],
      ["flow run-12 --ids", "with the id of each event, for waggle history"],
      ["flow run-12 --watch", "as it goes"],
      ["flow run-12 --strict --json | jq .status", "for a script: exit 1 unless the flow is completed"],
    ],
    exits: { ok: "shown", failed: "the flow does not exist; with --strict: it is running or failed" },
  })
    .argument("<id>", "correlation id, or the id of an event of the flow")
    .option("--ids", "show the id of each event rather than its data")
    .option("--strict", "exit 1 unless the flow is completed")
    .option("-w, --watch", "show it as it goes, until it is completed or failed; on aws until Ctrl-C")
    .action((id: string, _, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      return withBus(io, self, { waits: options.watch === true }, async (bus) => {
        const flow = options.watch === true ? await watchFlow(io, bus, id, options) : await bus.history.flow(id);
        if (options.strict === true && flow?.status !== "completed") io.exitCode = exitCodes.failed;
        if (flow === undefined) return;
        if (options.json !== true) {
          io.stdout.write(renderFlow(io, flow, options));
          const dead = flow.deadLetters.length;
          const command = (verb: string) => `${waggleCommand(io, self)} dlq ${verb} --correlation-id ${flow.id}\n`;
          const hint = `${plural(dead, "dead letter")}: ${command("list")}to deliver again: ${command("redrive")}`;
          if (dead > 0) io.stderr.write(io.stderr.colors.dim(hint));
        } else if (options.watch !== true) writeJson(io.stdout, flow);
      });
    });
}

/** How often a flow is looked at though nothing has changed: ages and due times go on. */
const tickMs = 1_000;

/**
 * Shows a flow whenever it has changed, until it has settled: on a terminal in place, with `--json` a line each time. Resolves
 * with the flow as it was last; `undefined` if it had not begun.
 */
async function watchFlow(io: CliIo, bus: Bus<AnyEvents>, id: string, options: Options): Promise<Flow | undefined> {
  const { json, ids } = options;
  const screen = json !== true && io.stdout.isTTY ? new Screen(io.stdout) : undefined;
  let flow: Flow | undefined;
  let shown = "";
  try {
    for await (const _ of changes(io, bus, tickMs)) {
      flow = await flowOrNone(bus, id);
      if (flow === undefined) {
        screen?.draw(`waiting for flow ${printable(id)}; press Ctrl-C to stop`);
        continue;
      }
      screen?.draw(renderFlow(io, flow, ids === true ? { ids } : {}));
      const line = toJson(flow);
      if (json === true && line !== shown) io.stdout.write(`${line}\n`);
      shown = line;
      if (flow.status !== "running" && bus.engine.capabilities.has("settled")) break;
    }
  } finally {
    screen?.close();
  }
  return flow;
}

async function flowOrNone(bus: Bus<AnyEvents>, id: string): Promise<Flow | undefined> {
  try {
    return await bus.history.flow(id);
  } catch (thrown) {
    if (toBusError(thrown).code === "not_found") return undefined;
    throw thrown;
  }
}
