import { once } from "node:events";
import { resolve } from "node:path";
import type { ConnectOptions, OpenedBus } from "../../connect/index.ts";
import { toLogger } from "../../runtime/logger.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { CliError } from "../report-error.ts";
import { captureConsole } from "./console.ts";
import { checkModules } from "./import-modules.ts";
import { JsonReport } from "./json-report.ts";
import { loadFunctions } from "./load-functions.ts";
import type { NoteLevel, Report } from "./report.ts";
import { reportLogger } from "./report-logger.ts";
import { type FunctionSession, Session } from "./session.ts";
import { Steps } from "./steps.ts";
import { TextReport } from "./text-report.ts";
import type { ReportView } from "./view.ts";

/** What {@link runSession} runs, and how it tells of it. */
export interface RunSettings<Events, Plan extends object, Result> {
  /** Options of the bus, whole. */
  bus: ConnectOptions<Events>;
  /** Folder of the functions; default: `functions`, which need not be there where modules are loaded. */
  functions: string | undefined;
  /** Modules that subscribe by themselves. */
  imports: readonly string[];
  json: boolean;
  /** Whether a dead letter makes the exit code 1. */
  strict: boolean;
  /** As the user calls this program, for messages: `waggle dev`. */
  program: string;
  /** How a hint begins a command line of `waggle`. */
  waggle: string;
  /** The lowest level of the log that is reported. */
  logLevel: NoteLevel;
  view: ReportView<Plan, Result>;
  /** Serves the bus for as long as it is open; what it has to say goes to the report. */
  serve?: (served: OpenedBus<Events>, report: Pick<Report, "note">) => Promise<Served>;
  /** Whether functions and server go on after the work, until Ctrl-C. */
  keep?: boolean;
}

/** What serves the bus of a run. */
export interface Served {
  close(): Promise<void>;
}

/** Runs functions on a bus of this machine while the work lasts, and reports on them. */
export async function runSession<Events, Plan extends object, Result>(
  io: CliIo,
  settings: RunSettings<Events, Plan, Result>,
  work: (session: FunctionSession<Events, Plan>) => Promise<Result>,
): Promise<void> {
  const { view, imports, program, waggle } = settings;
  if (settings.bus.engine === "aws") {
    throw new CliError(
      `${program} runs functions and their bus on this machine, which the aws engine cannot do; ` +
        `use another engine: ${program} --engine embedded`,
    );
  }
  const report = settings.json ? new JsonReport(io, view) : new TextReport(io, view, waggle);
  const steps = new Steps({
    subject: view.subject?.bind(view),
    onHandled: (step) => report.handled(step),
    onFailed: (step) => report.failed(step),
    onRunning: (what) => report.running(what),
  });
  // From here on: a module may print when it is loaded.
  const letGo = settings.json || io.stderr.isTTY ? captureConsole((text) => report.print(text)) : () => {};
  let session: Session<Events, Plan> | undefined;
  let server: Served | undefined;
  let queued = 0;
  let isFinished = false;
  try {
    session = new Session({
      cwd: io.cwd,
      signal: io.signal,
      functions: await loadFunctions(resolve(io.cwd, settings.functions ?? "functions"), io.cwd, {
        optional: settings.functions === undefined && imports.length > 0,
      }),
      imports: checkModules(imports, io.cwd),
      steps,
      report,
      view,
      openBus: async () => {
        const opened = await openSessionBus(settings, report, steps);
        try {
          server = await settings.serve?.(opened, report);
        } catch (thrown) {
          await opened.bus.close();
          throw thrown;
        }
        return opened.bus;
      },
    });
    const result = await work(session);
    const summary = await session.summary();
    report.finished(summary, result);
    if (settings.strict && summary.deadLetters.length > 0) io.exitCode = exitCodes.failed;
    isFinished = true;
    if (settings.keep === true) {
      report.note("info", "the functions and the page stay; Ctrl-C ends");
      if (!io.signal.aborted) await once(io.signal, "abort");
    }
  } catch (thrown) {
    if (io.signal.aborted) {
      report.stopping(steps.running);
      queued = (await session?.backlog().catch(() => undefined))?.queued ?? 0;
    }
    throw thrown;
  } finally {
    await server?.close();
    await session?.close();
    letGo();
    if (io.signal.aborted && !isFinished)
      report.interrupted({ deliveries: queued, kept: settings.bus.engine !== "memory" });
  }
}

async function openSessionBus<Events>(
  { bus, logLevel }: Pick<RunSettings<Events, object, unknown>, "bus" | "logLevel">,
  report: Report,
  steps: Steps,
): Promise<OpenedBus<Events>> {
  const { openBusOnEngine } = await import("../../connect/index.ts");
  return openBusOnEngine({
    source: "waggle-dev",
    onError: (error) => report.note("error", error.message),
    ...bus,
    logger: reportLogger(report, steps, logLevel, bus.logger && toLogger(bus.logger)),
  });
}
