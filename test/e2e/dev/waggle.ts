import { spawn } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** How a run of the command ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts `waggle` from source. `onLine` sees each line of stdout as it comes. */
export function startWaggle(
  cwd: string,
  args: readonly string[],
  onLine: (line: string) => void = () => {},
): { ended: Promise<Ended>; kill: (signal: NodeJS.Signals) => void } {
  const { npm_lifecycle_event: _, ...env } = process.env;
  const child = spawn(process.execPath, [join(root, "bin/waggle.ts"), ...args], {
    cwd,
    env: { ...env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  createInterface({ input: child.stdout }).on("line", (line) => {
    stdout += `${line}\n`;
    onLine(line);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { ended, kill: (signal) => child.kill(signal) };
}

/** Runs `waggle` to its end. */
export function runWaggle(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return startWaggle(cwd, args).ended;
}

/** An empty project with the crew in it. */
export async function project(): Promise<{
  path: string;
  write: (file: string, content: string | Uint8Array) => Promise<void>;
  remove: () => Promise<void>;
}> {
  const { path, remove } = await temporaryDirectory();
  await cp(join(root, "functions"), join(path, "functions"), { recursive: true });
  const write = async (file: string, content: string | Uint8Array) => {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), content);
  };
  return { path, write, remove };
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
type DevRecord = z.infer<typeof recordSchema>;

/** Reads a line of `waggle dev --json`. */
export function parseRecord(line: string): DevRecord {
  return recordSchema.parse(JSON.parse(line));
}

/** Runs `waggle dev --json` to its end and gives what it planned and what came of it. */
export async function runDev(cwd: string, ...args: readonly string[]) {
  const ended = await runWaggle(cwd, "dev", "--json", ...args);
  const records = ended.stdout.split("\n").filter(Boolean).map(parseRecord);
  const plan = records.find((record) => record.kind === "plan");
  const summary = records.find((record) => record.kind === "summary");
  if (plan === undefined || summary === undefined)
    throw new Error(`waggle dev did not end well: ${JSON.stringify(ended)}`);
  return { ...ended, plan, summary };
}
