import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { messageOf } from "../../error/message-of.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { resolveBusOptions, withBus } from "../open-bus.ts";
import { pointInTime, readTextFile } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { Progress } from "../output/progress.ts";
import { plural, printable } from "../output/text.ts";
import { pages } from "../pages.ts";
import { CliError } from "../report-error.ts";
import { baselineOf, parseBaseline, problemsSince, type SchemaProblem } from "../schema/baseline.ts";
import { HistoryProblems } from "../schema/history-problems.ts";

const defaultBaseline = "waggle.schemas.json";
type CheckOptions = GlobalOptions & { baseline?: string; history?: boolean; since?: string; format: "text" | "github" };

/** `waggle schema` */
export function schemaCommand(io: CliIo): Command {
  return createCommand(io, "schema", {
    summary: "refuse breaking changes of the catalog",
    description:
      "Compares the catalog with one that was saved, or with what is recorded. A change that breaks what was published, or who " +
      "reads it, needs a new version of its type, and the version before in `older` with an upcast.",
    examples: [...saveExamples, ...checkExamples],
  })
    .addCommand(saveCommand(io))
    .addCommand(checkCommand(io));
}

const saveExamples = [["schema save", `write the catalog to ${defaultBaseline}; commit that file`]] as const;
const checkExamples = [
  ["schema check", "compare the catalog with what was saved"],
  ["schema check --format github", "in a GitHub workflow: each problem is an annotation"],
  ["schema check --history --since 7d", "would the catalog accept what was recorded in a week?"],
] as const;

function saveCommand(io: CliIo): Command {
  return createCommand(io, "save", {
    summary: "save the catalog for later checks",
    examples: saveExamples,
    exits: { ok: "saved", failed: "the configuration is invalid, or the file cannot be written" },
  })
    .argument("[file]", "file to write", defaultBaseline)
    .action(async (file: string, _, self: Command) => {
      const baseline = baselineOf((await resolveBusOptions(io, self)).catalog);
      try {
        await writeFile(resolve(io.cwd, file), `${JSON.stringify(baseline, undefined, 2)}\n`);
      } catch (thrown) {
        throw new CliError(`${file} cannot be written: ${messageOf(thrown)}`, { cause: thrown });
      }
      const types = Object.keys(baseline.types).length;
      if (self.optsWithGlobals<GlobalOptions>().json === true) writeJson(io.stdout, { file, types });
      else io.stdout.write(`${plural(types, "type")} saved in ${file}\n`);
    });
}

function checkCommand(io: CliIo): Command {
  return createCommand(io, "check", {
    summary: "compare the catalog with what was saved or recorded",
    examples: checkExamples,
    exits: { ok: "nothing breaks", failed: "something breaks, or there is nothing to compare with" },
  })
    .option("-b, --baseline <file>", `what waggle schema save wrote (default: ${defaultBaseline})`)
    .option("--history", "check the recorded events of the selected bus instead")
    .option(
      "--since <time>",
      "with --history: accepted at or after: a time, a day, or how long ago (7d)",
      pointInTime(io),
    )
    .addOption(new Option("--format <format>", "form of the problems").choices(["text", "github"]).default("text"))
    .action(async (_, self: Command) => {
      const options = self.optsWithGlobals<CheckOptions>();
      if (options.history === true && options.baseline !== undefined) {
        self.error("error: --history and --baseline cannot be used together; pass only one");
      }
      if (options.history !== true && options.since !== undefined) {
        self.error("error: --since selects recorded events; pass --history, too");
      }
      const { problems, against } =
        options.history === true ? await checkHistory(io, self, options) : await checkBaseline(io, self, options);
      for (const problem of problems) writeProblem(io, problem, options);
      if (options.json !== true && problems.length === 0) io.stdout.write(`✓ nothing breaks ${against}\n`);
      if (problems.length > 0) io.exitCode = exitCodes.failed;
    });
}

interface Checked {
  readonly problems: readonly SchemaProblem[];
  readonly against: string;
}

async function checkBaseline(
  io: CliIo,
  command: Command,
  { baseline = defaultBaseline }: CheckOptions,
): Promise<Checked> {
  const { catalog } = await resolveBusOptions(io, command);
  const before = parseBaseline(await readBaseline(io, baseline), baseline);
  const types = plural(Object.keys(before.types).length, "type");
  return { problems: problemsSince(before, catalog), against: `of the ${types} in ${baseline}` };
}

async function readBaseline(io: CliIo, baseline: string): Promise<string> {
  try {
    return await readTextFile(io, baseline);
  } catch (thrown) {
    if (existsSync(resolve(io.cwd, baseline))) throw thrown;
    throw new CliError(`${messageOf(thrown)}; waggle schema save makes it`, { cause: thrown });
  }
}

async function checkHistory(io: CliIo, command: Command, { since }: CheckOptions): Promise<Checked> {
  return withBus(io, command, {}, async (bus, { catalog }) => {
    const found = new HistoryProblems(catalog);
    const progress = new Progress(io, undefined);
    const query = since === undefined ? {} : { since };
    const read = (page: { limit: number; cursor?: string }) => bus.history.query({ ...query, ...page });
    for await (const { events } of pages(io, read, { limit: Number.POSITIVE_INFINITY })) {
      for (const event of events) found.add(event);
      progress.count("events", found.checked, undefined);
    }
    progress.clear();
    return { problems: found.problems, against: `of ${plural(found.checked, "recorded event")}` };
  });
}

function writeProblem(io: CliIo, problem: SchemaProblem, { baseline, format, history, json }: CheckOptions): void {
  const { fix, path, text, type } = problem;
  if (json === true) {
    writeJson(io.stdout, problem);
    return;
  }
  const where = path === undefined || path === "" ? type : `${type} ${path}`;
  if (format === "github") {
    const file = history === true ? "" : `file=${escapeProperty(baseline ?? defaultBaseline)},`;
    io.stdout.write(`::error ${file}title=${escapeProperty(where)}::${escapeMessage(`${text}; ${fix}`)}\n`);
    return;
  }
  const { red, bold, dim } = io.stdout.colors;
  io.stdout.write(`${red("✗")} ${bold(printable(where))}: ${printable(text)}\n  ${dim("fix:")} ${printable(fix)}\n`);
}

/** The escapes of GitHub's workflow commands. */
function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
