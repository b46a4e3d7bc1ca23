/**
 * The page on a bus with many events: milliseconds to the first paint, and to the first row of each view, in Chromium, against the aim of one
 * second. Server and browser are processes of this machine.
 * `node bench/page/run.ts [--json] [--events 1000000]`
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { openBusOnEngine } from "../../lib/connect/index.ts";
import { NonRetriableError } from "../../lib/index.ts";
import { startServer } from "../../lib/server/index.ts";
import type { AnyEvents } from "../../lib/server/served-bus.ts";
import { findChromium, startBrowser } from "../../test/support/chromium.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, events: { type: "string", default: "1000000" } },
});
const events = Number(values.events);
/** Events of one flow. */
const perFlow = 10;
const batch = 1_000;
const aimMs = 1_000;

const found = await findChromium();
// It has said so.
if (found.missing !== undefined) process.exit(0);
const folder = mkdtempSync(join(tmpdir(), "waggle-bench-page-"));
const served = await openBusOnEngine<AnyEvents>({ file: join(folder, "bus.db"), source: "bench", logLevel: "silent" });
const { bus } = served;

/** Some that failed, then many flows of ten events by a hundred agents. */
async function fill(): Promise<void> {
  const failing = await bus.subscribe({ name: "failing", on: "custom.broken", attempts: 1, concurrency: 100 }, () => {
    throw new NonRetriableError("the document cannot be read");
  });
  const broken = Array.from({ length: 2_000 }, (_, n) => ({ type: "custom.broken" as const, data: { n } }));
  await bus.publishAll(broken);
  while (((await failing.info()).deadLettered ?? 0) < broken.length) await new Promise(setImmediate);
  await failing.close();
  for (let from = 0; from < events; from += batch) {
    const drafts = Array.from({ length: Math.min(batch, events - from) }, (_, index) => {
      const n = from + index;
      const flow = `flow-${Math.floor(n / perFlow)}`;
      const metadata = { correlationId: flow, agentId: `agent-${n % 100}` };
      return { type: n % perFlow === 0 ? "task.assigned" : "task.completed", data: { taskId: `task-${n}` }, metadata };
    });
    await bus.publishAll(drafts);
  }
}

/** What is awaited in each view. */
const views = (flow: string): readonly (readonly [path: string, row: string])[] => [
  ["/live", "tbody tr"],
  ["/flows", "tbody tr"],
  [`/flows/${flow}`, ".node"],
  ["/dead-letters", "tbody tr"],
  ["/subscriptions", "tbody tr"],
  ["/agents", "tbody tr"],
];

async function measure(page: Page, url: string, row: string): Promise<{ paintMs: number; rowMs: number }> {
  await page.goto(url);
  await page.locator(row).first().waitFor();
  const [paintMs, rowMs] = await page.evaluate<[number, number]>(
    `[performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN, performance.now()]`,
  );
  return { paintMs, rowMs };
}

try {
  await fill();
  const server = await startServer(served, { port: 0 });
  const browser = await startBrowser(found);
  const results: Record<string, { paintMs: number; rowMs: number }> = {};
  try {
    const page = await browser.newPage();
    for (const [path, row] of views(`flow-${Math.floor(events / perFlow) - 1}`)) {
      results[path] = await measure(page, server.url + path, row);
    }
  } finally {
    await browser.close();
    await server.close();
  }
  if (values.json) console.log(JSON.stringify({ bench: "page", events, aimMs, results }));
  else {
    console.log(
      `${events.toLocaleString("en")} events; milliseconds to the first paint and to the first row, aim ${aimMs}`,
    );
    for (const [path, { paintMs, rowMs }] of Object.entries(results)) {
      const verdict = rowMs <= aimMs ? "" : "  over the aim";
      console.log(`${path.padEnd(24)} ${paintMs.toFixed(0).padStart(6)} ${rowMs.toFixed(0).padStart(6)}${verdict}`);
    }
  }
} finally {
  await bus.close();
  rmSync(folder, { recursive: true, force: true });
}
