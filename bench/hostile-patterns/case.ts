/** Measures one pair of a pattern and an event, see `run.ts`. Arguments: `named:3` or `random:17`, and one of the ways. */
import { readFileSync, writeFileSync } from "node:fs";
import { compilePattern, compilePatterns } from "../../lib/pattern/index.ts";
import { hostile } from "../../test/support/hostile-events.ts";
import { randomCase } from "./random.ts";

/** How an event is matched: with a compiled pattern, with an index that has the pattern, and with that from text. */
export const ways = ["alone", "index", "text"] as const;

export interface Measured {
  /** CPU time of the thread in milliseconds. */
  readonly ms: number;
  /** Peak memory in MB above that before. */
  readonly mb: number;
}

const mebibyte = 2 ** 20;

/** Reads what this script prints. */
export function measuredFrom(output: string): Measured {
  const [ms, mb] = output.trim().split(" ").map(Number);
  if (ms === undefined || mb === undefined || !Number.isFinite(ms + mb)) throw new Error(`no figures in ${output}`);
  return { ms, mb };
}

if (import.meta.main) {
  const [kind = "", number = ""] = (process.argv[2] ?? "").split(":");
  const found = kind === "random" ? randomCase(Number(number), mebibyte) : hostile[Number(number)];
  if (found === undefined) throw new Error(`no case ${process.argv[2]}`);
  const event = typeof found.event === "function" ? found.event(mebibyte) : found.event;
  const match = matcher(found.pattern, event, process.argv[3] ?? "");
  globalThis.gc?.();
  resetPeak();
  const before = peakMb();
  const start = process.threadCpuUsage();
  match();
  const { user, system } = process.threadCpuUsage(start);
  console.log(`${((user + system) / 1_000).toFixed(2)} ${Math.max(0, peakMb() - before).toFixed(2)}`);
}

function matcher(pattern: unknown, event: unknown, way: string): () => unknown {
  if (way === "alone") {
    const matches = compilePattern(pattern);
    return () => matches(event);
  }
  const match = compilePatterns({ pattern });
  if (way === "index") return () => match(event);
  const text = JSON.stringify(event);
  return () => match.text(text);
}

/** Linux: the peak of the resident set begins anew at what it is now. */
function resetPeak(): void {
  if (process.platform === "linux") writeFileSync("/proc/self/clear_refs", "5");
}

function peakMb(): number {
  if (process.platform !== "linux") return process.resourceUsage().maxRSS / 1_024;
  const kilobytes = /VmHWM:\s*(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
  return Number(kilobytes) / 1_024;
}
