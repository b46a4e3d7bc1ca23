// Takes the pictures of the page that the docs show, into docs/assets: `npm run docs:page`. Run it when a view has changed.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openBusOnEngine } from "../lib/connect/index.ts";
import { startServer } from "../lib/server/index.ts";
import type { AnyEvents } from "../lib/server/served-bus.ts";
import { findChromium, startBrowser } from "../test/support/chromium.ts";

const folder = fileURLToPath(new URL("../docs/assets/", import.meta.url));
const documents = ["invoices.md", "notes-of-may.md", "calls.jsonl"];

/** A workflow of a few readers, one of which meets a broken document. */
async function work(bus: Awaited<ReturnType<typeof openBusOnEngine<AnyEvents>>>["bus"]): Promise<string> {
  const planner = { agentId: "planner-1" };
  await bus.subscribe({ name: "planner", on: "workflow.started" }, async () => {
    for (const title of documents) {
      await bus.publish({ type: "task.assigned", data: { taskId: title, title: `Read ${title}` }, metadata: planner });
    }
  });
  const backoff = { from: "200ms", to: "200ms" } as const;
  await bus.subscribe({ name: "readers", on: "task.assigned", attempts: 3, backoff }, async ({ data }, { attempt }) => {
    const { taskId } = Object(data);
    await new Promise((resolve) => setTimeout(resolve, 60 + 90 * documents.indexOf(taskId)));
    if (taskId === "calls.jsonl") throw new Error("calls.jsonl: line 2 is not JSON");
    if (taskId === "notes-of-may.md" && attempt === 1) throw new Error("the model is overloaded; try again");
    const usage = { inputTokens: 1_840, outputTokens: 260 };
    const metadata = { agentId: taskId === "invoices.md" ? "reader-1" : "reader-2" };
    await bus.publish({ type: "task.completed", data: { taskId, usage, cost: 0.0121 }, metadata });
  });
  const { metadata } = await bus.publish({
    type: "workflow.started",
    data: { workflowId: "read-documents" },
    source: "crew",
  });
  await bus.settled(metadata.correlationId);
  return metadata.correlationId;
}

/** What rules would have raised. */
function alertsOf(flow: string) {
  const common = { type: "system.performance.alert", source: "waggle-alerts" };
  return [
    {
      alert: "slow-flow",
      metric: "flow.duration",
      subject: flow,
      value: 12_400,
      threshold: 10_000,
      severity: "warning",
    },
    {
      alert: "dead-letters",
      metric: "subscription.dead_letters",
      subject: "readers",
      value: 1,
      threshold: 0,
      severity: "critical",
    },
  ].map((data) => ({ ...common, data: { ...data, key: "", state: "raised" } }));
}

const served = await openBusOnEngine<AnyEvents>({ engine: "memory", source: "crew", logLevel: "silent" });
const server = await startServer(served, { port: 0 });
const browser = await startBrowser(await findChromium());
try {
  mkdirSync(folder, { recursive: true });
  const flow = await work(served.bus);
  const page = await browser.newPage({ viewport: { width: 1180, height: 940 }, colorScheme: "light" });
  const shoot = async (name: string, path: string, text: string) => {
    await page.goto(server.url + path);
    await page.getByText(text).first().waitFor();
    await page.locator(".server .good").waitFor();
    await page.screenshot({ path: join(folder, `${name}.png`) });
  };
  await shoot("page-flow", `/flows/${flow}`, "Where the time went");
  await page.setViewportSize({ width: 1180, height: 560 });
  await shoot("page-dead-letters", "/dead-letters", "One by one");
  for (const alert of alertsOf(flow)) await served.bus.publish(alert);
  await shoot("page-alerts", "/alerts", "dead-letters");
  await page.emulateMedia({ colorScheme: "dark" });
  await shoot("page-live-dark", "/live", "workflow.started");
} finally {
  await browser.close();
  await server.close();
  await served.bus.close();
}
