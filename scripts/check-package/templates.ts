import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { environment } from "../setup.mjs";
import { npmInstall, report, run } from "./program.ts";

/** What is needed to make a project and to look at it. */
export interface TemplateCheck {
  /** Of this checkout. */
  readonly root: string;
  /** Where the projects are made. */
  readonly folder: string;
  /** The packed package. */
  readonly tarball: string;
  /** The package as npm has installed it. */
  readonly installed: string;
}

/** An event of a template that its function handles, and what that publishes in the end. */
const runs = [
  { template: "plain", type: "visitor.arrived", data: { name: "Ada" }, ends: "visitor.greeted" },
  { template: "ai-sdk", type: "question.asked", data: { question: "Why?" }, ends: "question.answered" },
  { template: "langgraph", type: "report.requested", data: { topic: "Bees" }, ends: "report.written" },
] as const;

/**
 * Each project that `waggle init` makes is installed from the registry and the packed package, as its README says, has right
 * types, passes its test and handles an event. That of the CDK is synthesized without a finding of cdk-nag.
 */
export async function tryTemplates(check: TemplateCheck): Promise<void> {
  mkdirSync(check.folder);
  for (const one of runs) {
    const project = await init(check, one.template);
    await npmInstall(project, []);
    await typesAndTest(project);
    // A subscription that starts now does not get what came before: the first run makes it.
    await waggle(project, "dev", "--until-idle", "--strict", "--json");
    await waggle(project, "publish", one.type, JSON.stringify(one.data), "--id", "first");
    await waggle(project, "dev", "--until-idle", "--strict", "--json");
    const flow = await waggle(project, "flow", "first", "--strict", "--json");
    if (!flow.includes(`"type":"${one.ends}"`)) throw new Error(`the project of ${one.template} has done\n${flow}`);
  }
  await tryCdk(check);
  report(`the projects of ${runs.length + 1} templates install, compile, pass their tests and run`);
}

/** With the CDK of this checkout, which is far larger than what is tried. */
async function tryCdk(check: TemplateCheck): Promise<void> {
  const project = await init(check, "cdk");
  const modules = join(project, "node_modules");
  mkdirSync(modules);
  cpSync(check.installed, join(modules, "wagglebus"), { recursive: true });
  for (const name of readdirSync(join(check.root, "node_modules")))
    symlinkSync(join(check.root, "node_modules", name), join(modules, name));
  await typesAndTest(project);
  const out = join(project, "cdk.out");
  await run(project, process.execPath, ["app.ts"], { ...environment, CDK_OUTDIR: out });
  const { pluginReports } = z
    .looseObject({ pluginReports: z.array(z.unknown()) })
    .parse(JSON.parse(readFileSync(join(out, "validation-report.json"), "utf8")));
  if (pluginReports.length > 0) throw new Error(`cdk-nag finds\n${JSON.stringify(pluginReports, undefined, 2)}`);
}

async function init({ folder, installed, tarball }: TemplateCheck, template: string): Promise<string> {
  const program = join(installed, "dist/bin/waggle.js");
  await run(folder, process.execPath, [program, "init", template, "--template", template, "--package", tarball]);
  return join(folder, template);
}

async function typesAndTest(project: string): Promise<void> {
  await run(project, process.execPath, ["node_modules/typescript/bin/tsc"]);
  await run(project, process.execPath, ["--test"]);
}

function waggle(project: string, ...args: readonly string[]): Promise<string> {
  return run(project, process.execPath, ["node_modules/wagglebus/dist/bin/waggle.js", ...args]);
}
