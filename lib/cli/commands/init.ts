import { access, readdir } from "node:fs/promises";
import { basename, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { messageOf } from "../../error/message-of.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { projectFiles, type TemplateName, templateNames, templates } from "../init/templates.ts";
import { writeProject } from "../init/write-project.ts";
import type { CliIo } from "../io.ts";
import { writeJson } from "../output/json.ts";
import { printable } from "../output/text.ts";
import { packageVersion } from "../package-version.ts";
import { CliError } from "../report-error.ts";

type Options = GlobalOptions & { package?: string; template: TemplateName };

/** `waggle init` */
export function initCommand(io: CliIo): Command {
  return createCommand(io, "init", {
    summary: "make a new project",
    description:
      "Makes a folder with a new project: events, a subscriber, a test of it, the configuration. It overwrites nothing: a folder " +
      "that holds anything but .git is refused. Where it is interrupted, it removes what it has made. The templates: " +
      `${templateNames.map((name) => `${name}, ${templates[name].summary}`).join("; ")}.`,
    examples: [
      ["init my-agents", "a project that runs on this machine"],
      ["init my-agents --template ai-sdk", "with a model, or its stand-in, that answers"],
      ["init my-agents --template cdk", "with the app that deploys it to AWS"],
      ["init my-agents --package ../waggle/wagglebus-0.1.0.tgz", "with a packed wagglebus of a clone"],
    ],
    exits: { ok: "made", failed: "the folder is not empty, or cannot be written" },
  })
    .argument("<folder>", "folder of the project, which is made")
    .addOption(new Option("-t, --template <name>", "what it is made from").choices(templateNames).default("plain"))
    .option("--package <spec>", "what package.json asks for as wagglebus: a version, or the path of a packed file")
    .action(async (folder: string, _, self: Command) => {
      const { json, package: spec, template } = self.optsWithGlobals<Options>();
      const target = resolve(io.cwd, folder);
      const name = packageName(basename(target));
      const wagglebus = await specOf(io, target, spec);
      await checkEmpty(target, folder);
      const files = projectFiles({ name, wagglebus }, template);
      await writeProject(target, files, io.signal);
      const next = [`cd ${shellWord(folder)}`, "npm install", "npm test", "npx waggle dev"];
      if (json === true) {
        writeJson(io.stdout, { folder: target, name, template, files: files.map(({ path }) => path), next });
        return;
      }
      const { bold, green } = io.stdout.colors;
      const steps = next.map((step) => `  ${bold(printable(step))}\n`);
      io.stdout.write(`${green("✓")} ${printable(name)}: ${files.length} files. Next:\n${steps.join("")}`);
    });
}

/** As a shell takes it for one word. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

async function checkEmpty(target: string, folder: string): Promise<void> {
  const found = await readdir(target).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === "ENOENT") return [];
    throw new CliError(`${folder} cannot be used: ${messageOf(thrown)}`, { cause: thrown });
  });
  const [other] = found.filter((name) => name !== ".git");
  if (other !== undefined) throw new CliError(`${folder} is not empty: it holds ${other}; choose another folder`);
}

/** A path is written as it is from the project's folder. */
async function specOf(io: CliIo, target: string, spec: string | undefined): Promise<string> {
  if (spec === undefined) return `^${packageVersion()}`;
  const path = resolve(io.cwd, spec);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  return exists ? `file:${relative(target, path)}` : spec;
}

/** npm allows lower case, and no blank. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "");
  return name === "" ? "agents" : name;
}
