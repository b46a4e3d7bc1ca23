import type { Report } from "./recorder.ts";

/** The most runs that were under way at once. */
export function mostAtOnce(reports: readonly Report[]): number {
  let running = 0;
  let most = 0;
  for (const { phase } of reports) {
    if (phase === "started") running += 1;
    if (phase === "done" || phase === "failed") running -= 1;
    most = Math.max(most, running);
  }
  return most;
}
