import * as z from "zod";
import { type Ended, startNode } from "../start-node.ts";

/** Starts the built `waggle`. `onLine` sees each line of stdout as it comes. */
export function startWaggle(cwd: string, args: readonly string[], onLine?: (line: string) => void) {
  return startNode(cwd, "dist/bin/waggle.js", args, onLine);
}

/** Runs `waggle` to its end. */
export function runWaggle(cwd: string, ...args: readonly string[]): Promise<Ended> {
  return startWaggle(cwd, args).ended;
}

const recordSchema = z.looseObject({ kind: z.string() });

/** Runs `waggle dev --json` to its end and gives the lines of each kind. */
export async function devRecords(cwd: string, ...args: readonly string[]) {
  const ended = await runWaggle(cwd, "dev", "--json", ...args);
  const records = ended.stdout.split("\n").filter(Boolean);
  const parsed = records.map((line) => recordSchema.parse(JSON.parse(line)));
  return { ...ended, parsed, of: (kind: string) => parsed.filter((record) => record.kind === kind) };
}
