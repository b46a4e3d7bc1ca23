import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Workload } from "./workload.ts";

/** The results of AWS's engine for a workload. */
interface PeerResult {
  /** Rules matched in one pass over all events; it must equal our result. */
  readonly matched: number;
  readonly compileMs: number;
  /** Events per second on one thread, read from text: it skips what no rule asks for, and does not parse it. */
  readonly fromText: number;
  /** Events per second on one thread, parsed whole and then matched. */
  readonly withParse: number;
  /** Events per second on one thread, parsed before. */
  readonly parsed: number;
}

/** No workload that is given to the peer takes this long. */
const limitMs = 600_000;

/** The peer takes 25 s to compile 1,000 wildcards, and had not compiled 10,000 after eight minutes. */
const mostWildcards = 1_000;

/** Returns why the peer does not run a workload, if so. */
export function whyNot({ rules }: Workload): string | undefined {
  const wildcards = Object.values(rules).filter((rule) => JSON.stringify(rule).includes('"wildcard"')).length;
  if (wildcards <= mostWildcards) return undefined;
  return `AWS's engine has not compiled 10,000 wildcards after eight minutes; these rules have ${wildcards.toLocaleString("en")}`;
}

const here = new URL("./peer/", import.meta.url).pathname;
const output = new URL("../../node_modules/.cache/patterns-peer/", import.meta.url).pathname;

/** Builds the peer with the machine's JDK and Maven, or returns the reason why that is not possible. */
export function buildPeer(): { ok: true } | { ok: false; reason: string } {
  for (const [tool, flag] of [
    ["java", "-version"],
    ["mvn", "-v"],
  ] as const) {
    if (spawnSync(tool, [flag]).status !== 0) return { ok: false, reason: `${tool} is not on this machine` };
  }
  mkdirSync(output, { recursive: true });
  const goals = [
    "compile",
    "dependency:copy-dependencies",
    `-DoutputDirectory=${output}lib`,
    `-Dpeer.output=${output}`,
  ];
  const built = spawnSync("mvn", ["-q", "-f", `${here}pom.xml`, ...goals], { encoding: "utf8" });
  if (built.status !== 0)
    return { ok: false, reason: `mvn failed: ${(built.stdout + built.stderr).trim().slice(0, 300)}` };
  return { ok: true };
}

/** Runs the peer on a workload, in a process of its own. */
export function runPeer({ rules, events }: Workload, warmUpSeconds: number, seconds: number): PeerResult {
  const folder = mkdtempSync(join(tmpdir(), "waggle-patterns-"));
  try {
    const [rulesFile, eventsFile] = [join(folder, "rules.jsonl"), join(folder, "events.jsonl")];
    writeFileSync(
      rulesFile,
      Object.values(rules)
        .map((rule) => `${JSON.stringify(rule)}\n`)
        .join(""),
    );
    writeFileSync(eventsFile, events.map((event) => `${event}\n`).join(""));
    const run = spawnSync(
      "java",
      ["-cp", `${output}classes:${output}lib/*`, "Peer", rulesFile, eventsFile, String(warmUpSeconds), String(seconds)],
      { encoding: "utf8", timeout: limitMs },
    );
    const [matched, compileMs, fromText, withParse, parsed] = run.stdout.trim().split(" ").map(Number);
    if (run.status !== 0 || matched === undefined || compileMs === undefined || !fromText || !withParse || !parsed) {
      throw new Error(`the peer failed: ${run.stderr.slice(0, 300)}`);
    }
    return { matched, compileMs, fromText, withParse, parsed };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
