import type { RegisteredEvents } from "../../bus/register.ts";
import type { ConnectOptions } from "../../connect/index.ts";
import type { ExitCode } from "../io.ts";
import { processIo } from "../process-io.ts";
import { runToExit } from "../run-to-exit.ts";
import { waggleFor } from "../waggle-command.ts";
import { runSession } from "./run-session.ts";
import { serveSession } from "./serve-session.ts";
import type { FunctionSession } from "./session.ts";
import type { ReportView } from "./view.ts";

export type { DeadStep, RunSummary } from "./report.ts";
export type { FunctionSession } from "./session.ts";
export type { Step } from "./steps.ts";
export type { ReportCell, ReportLine, ReportSection, ReportTone, ReportView, SummaryText } from "./view.ts";
export type { ExitCode };

/** What {@link runFunctions} runs, and how it tells of it. */
export interface RunFunctionsOptions<Plan extends object = object, Result = unknown, Events = RegisteredEvents> {
  /** Folder of the functions; default `functions`, which need not be there where `imports` are given. */
  functions?: string | undefined;
  /** Modules that subscribe by themselves, on the bus that `getBus()` gives them. */
  imports?: readonly string[];
  /** Options of the bus, above those of `waggle.config.ts` and the environment. The engine runs on this machine. */
  connect?: ConnectOptions<Events>;
  /** A configuration file other than `waggle.config.ts`. */
  config?: string | undefined;
  /** Tells of the run as one JSON object a line. */
  json?: boolean | undefined;
  /** Whether the exit code is 1 where one of the subscriptions has a dead letter at the end. */
  strict?: boolean | undefined;
  /** As the user calls this program, for messages; default `waggle dev`. */
  program?: string;
  /** Serves the bus with its page on this machine while it runs, on port 4600, or a free one where that is taken. Default false. */
  page?: boolean;
  /** Goes on after the work, until Ctrl-C: the functions stay at work, and the page open. Default false. */
  keep?: boolean | undefined;
  /** What the program adds to the report. */
  view?: ReportView<Plan, Result>;
}

/**
 * Runs the functions of a folder on a bus of this machine, as `waggle dev` does, while `work` gives them something to do;
 * then prints what came of it and closes the bus. Gives what the process should exit with: 0; 1 where the work failed, said on
 * stderr; 130 where SIGINT or SIGTERM stopped it. Never rejects. Call it once a process, and end with
 * `process.exit(await runFunctions(…))`.
 */
export async function runFunctions<Plan extends object = object, Result = unknown, Events = RegisteredEvents>(
  options: RunFunctionsOptions<Plan, Result, Events>,
  work: (session: FunctionSession<Events, Plan>) => Promise<Result>,
): Promise<ExitCode> {
  const { functions, imports = [], connect = {}, config, json = false, strict = false } = options;
  const { keep = false, page = false, program = "waggle dev", view = {} } = options;
  const io = processIo();
  const code = await runToExit(
    io,
    () => json,
    async () => {
      const { resolveOptions } = await import("../../connect/index.ts");
      const places = { cwd: io.cwd, env: io.env, ...(config === undefined ? {} : { config }) };
      const bus = await resolveOptions(connect, places);
      const waggle = waggleFor(io.env, { ...namesOf(connect), ...(config === undefined ? {} : { config }) });
      const told = { json, logLevel: "warning", program, strict, view, waggle } as const;
      const serve = page ? { serve: serveSession<Events>(io, bus, { anyPort: true }) } : {};
      const settings = { bus, functions, imports, keep, ...told, ...serve };
      await runSession(io, settings, work);
      return io.exitCode;
    },
  );
  await Promise.all([io.stdout.drained(), io.stderr.drained()]);
  return code;
}

function namesOf({ engine, file }: Pick<ConnectOptions, "engine" | "file">) {
  return { ...(typeof engine === "string" ? { engine } : {}), ...(file === undefined ? {} : { file }) };
}
