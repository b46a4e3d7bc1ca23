import { mkdir, readdir, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import * as z from "zod";
import { type ProjectFolder, projectFolder } from "../../support/project-folder.ts";
import { type Ended, root, startNode } from "../start-node.ts";

/** Starts what `npm start` runs. `onLine` sees each line of stdout as it comes. */
export function startCrew(cwd: string, args: readonly string[], onLine?: (line: string) => void) {
  return startNode(cwd, "examples/crew/main.ts", args, onLine);
}

/** Runs it to its end. */
export function runCrew(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return startCrew(cwd, args).ended;
}

/** An empty project with the crew's functions in it: links, since Node knows by its path what it has compiled before. */
export async function crewProject(): Promise<ProjectFolder> {
  const project = await projectFolder();
  for (const entry of await readdir(join(root, "functions"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const link = join(project.path, relative(root, file));
    await mkdir(dirname(link), { recursive: true });
    await symlink(file, link);
  }
  return project;
}

/**
 * Adds a function that keeps a run from ending before a signal does, unless there is a file `over`: however late the signal comes,
 * it finds the run at work.
 */
export async function keepRunning(project: ProjectFolder): Promise<void> {
  await project.write(
    "functions/holder/subscription.ts",
    'export default { name: "holder", on: "task.created", concurrency: 1 };',
  );
  await project.write(
    "functions/holder/handler.ts",
    `import { existsSync } from "node:fs";
     export default async () => {
       if (!existsSync("over")) await new Promise((resolve) => process.once("SIGINT", resolve));
     };`,
  );
}

const recordSchema = z.discriminatedUnion("kind", [
  z.looseObject({
    kind: z.literal("plan"),
    roots: z.array(z.object({ root: z.string(), found: z.number(), fresh: z.number() })),
    skipped: z.array(z.object({ path: z.string(), why: z.string() })),
    fixed: z.array(z.string()),
    leftOver: z.number(),
  }),
  z.looseObject({ kind: z.literal("event"), id: z.string(), type: z.string(), path: z.string().optional() }),
  z.looseObject({ kind: z.literal("handled"), subscription: z.string(), what: z.string() }),
  z.looseObject({ kind: z.literal("failure"), what: z.string(), message: z.string(), dead: z.boolean() }),
  z.looseObject({
    kind: z.literal("summary"),
    documents: z.object({ found: z.number(), announced: z.number(), read: z.number(), gaveWay: z.number() }),
    workflows: z.array(
      z.looseObject({ root: z.string(), status: z.string(), ended: z.number(), documents: z.number() }),
    ),
    deadLetters: z.array(z.looseObject({ id: z.string(), what: z.string(), message: z.string() })),
    events: z.record(z.string(), z.number()),
    firstHandledMs: z.number().optional(),
  }),
  z.looseObject({ kind: z.enum(["warning", "error"]), message: z.string() }),
  z.looseObject({ kind: z.literal("interrupted") }),
]);
type CrewRecord = z.infer<typeof recordSchema>;

/** Reads a line of `npm start -- --json`. */
export function parseRecord(line: string): CrewRecord {
  return recordSchema.parse(JSON.parse(line));
}

/** Runs it with `--json` to its end and gives what it planned and what came of it. */
export async function readCrew(cwd: string, ...args: readonly string[]) {
  const ended = await runCrew(cwd, "--json", ...args);
  const records = ended.stdout.split("\n").filter(Boolean).map(parseRecord);
  const plan = records.find((record) => record.kind === "plan");
  const summary = records.find((record) => record.kind === "summary");
  if (plan === undefined || summary === undefined)
    throw new Error(`the crew did not end well: ${JSON.stringify(ended)}`);
  return { ...ended, plan, summary };
}
