import type { Command } from "commander";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { resolveBusOptions } from "../open-bus.ts";
import { count, pointInTime } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { fieldsOf, logText } from "../output/log-line.ts";
import { printable } from "../output/text.ts";
import { CliError } from "../report-error.ts";

type Options = GlobalOptions & { since?: string; follow?: boolean; event?: string; flow?: string; limit?: number };

/** How far back the lines begin where nothing is said. */
const defaultMs = 600_000;
/** Between two looks while it follows. CloudWatch shows a line some seconds after it was written. */
const restMs = 2_000;

/** Where the other engines' handlers log: in the processes that run them. */
const elsewhere =
  "of engine %s run in your own processes, and log where these do: to the terminal of waggle dev, to the stdout of a service, or to " +
  "the `logger` given to connect; waggle logs reads what functions in AWS have logged (--engine aws --bus NAME)";

/** `waggle logs` */
export function logsCommand(io: CliIo): Command {
  return createCommand(io, "logs", {
    summary: "show what deployed functions have logged",
    description:
      "Shows what the functions of a deployed bus have logged, oldest first, from CloudWatch Logs: those of subscriptions, and " +
      "the bus's own (record-history, record-dead-letter, watch-flows). Lines of Waggle carry the ids of the event and its " +
      "flow; of data they have what a handler logs. Needs @aws-sdk/client-cloudwatch-logs, and the right to logs:FilterLogEvents.",
    examples: [
      ["logs --engine aws --bus agents", "all functions, the last ten minutes"],
      ["logs readers --since 1h --follow --engine aws --bus agents", "one subscription, and what comes"],
      ["logs --flow run-12 --since 1d --json --engine aws --bus agents", "what was logged of a flow"],
    ],
    exits: {
      ok: "shown, even if there is nothing; or stopped by Ctrl-C, by --limit or because the output was closed",
      failed: "the bus or the function does not exist, its log cannot be read, or the engine is another",
    },
  })
    .argument("[names...]", "subscriptions, or functions of the bus; default: all")
    .option("--since <time>", "start in the past: a time, a day, or how long ago (default: 10m)", pointInTime(io))
    .option("-f, --follow", "go on with what is logged, until Ctrl-C")
    .option("--event <id>", "only lines about this event")
    .option("--flow <id>", "only lines about this flow, by its correlation id")
    .option("-n, --limit <count>", "stop after so many lines", count())
    .action(async (names: string[], _, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      if (options.event !== undefined && options.flow !== undefined) {
        self.error("error: option '--event' cannot be used with option '--flow'");
      }
      const { bus, engine } = await resolveBusOptions(io, self);
      if (engine !== "aws") {
        throw new CliError(`the handlers ${elsewhere.replace("%s", typeof engine === "string" ? engine : "your own")}`);
      }
      if (bus === undefined) self.error("error: missing the bus; give --bus NAME, or set WAGGLE_BUS");
      await show(io, bus, names, options);
    });
}

async function show(io: CliIo, bus: string, names: readonly string[], options: Options): Promise<void> {
  const { functionLogs } = await loadFunctionLogs();
  const lines = functionLogs({
    bus,
    names,
    since: options.since === undefined ? io.now() - defaultMs : Date.parse(options.since),
    containing: options.event ?? options.flow,
    follow: options.follow === true,
    signal: io.signal,
    pause: () => pause(io.signal),
  });
  const { cyan, dim } = io.stdout.colors;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let shown = 0;
  for await (const { function: name, text, time } of lines) {
    const at = new Date(time).toISOString();
    if (options.json === true) {
      const fields = fieldsOf(text);
      writeJson(io.stdout, { time: at, function: name, text, ...(fields === undefined ? {} : { fields }) });
    } else io.stdout.write(`${dim(at)} ${cyan(printable(name))} ${logText(io.stdout, text)}\n`);
    await io.stdout.drained();
    shown += 1;
    left -= 1;
    if (left <= 0) return;
  }
  if (shown === 0)
    io.stderr.write(io.stderr.colors.dim("nothing was logged in this time; --since looks further back\n"));
}

/** The SDK is optional: without it the engine's own loader says what to install. */
async function loadFunctionLogs(): Promise<typeof import("../../engines/aws/operate/function-logs.ts")> {
  const { loadAws } = await import("../../connect/load-engine.ts");
  await loadAws();
  return import("../../engines/aws/operate/function-logs.ts");
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, restMs);
    signal.addEventListener("abort", end);
  });
}
