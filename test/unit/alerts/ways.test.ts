import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test, vi } from "vitest";
import type { AlertConfig } from "../../../lib/alerts/rules/rules.ts";
import { openBusOnEngine } from "../../../lib/connect/index.ts";
import { runCommand } from "../../../lib/server/alerts/run-command.ts";
import { assembleServer } from "../../../lib/server/assemble.ts";

/** A server that watches a bus in which one dead letter is already too many. */
async function serve(to: AlertConfig["to"]) {
  const served = await openBusOnEngine<Record<string, unknown>>({
    engine: "memory",
    source: "test",
    logLevel: "silent",
  });
  const alerts: AlertConfig = {
    rules: [{ kind: "no-result", on: ["task.completed"], severity: "critical" }],
    to: to ?? [],
  };
  const server = await assembleServer(served, { alerts });
  onTestFinished(async () => {
    await server.close();
    await served.bus.close();
  });
  await served.bus.publish({ type: "task.completed", data: { taskId: "t" } });
  return { bus: served.bus, server };
}

test("an alert goes to a webhook, signed by Standard Webhooks, and stands in the metrics", async () => {
  const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const taken = Promise.withResolvers<unknown>();
  const receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      response.end();
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      try {
        taken.resolve(new Webhook(secret).verify(Buffer.concat(parts).toString(), headers));
      } catch (thrown) {
        taken.reject(thrown);
      }
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void receiver.close());
  const address = receiver.address();
  const port = typeof address === "object" ? address?.port : 0;
  const { server } = await serve([{ webhook: `http://127.0.0.1:${port}/alerts`, secret }]);
  expect(await taken.promise).toMatchObject({
    type: "system.performance.alert",
    data: { alert: "no-result", state: "raised", metric: "event.result" },
  });
  const answer = await server.fetch(new Request("http://127.0.0.1/metrics"));
  expect(await answer.text()).toContain('waggle_alerts_active{alert="no-result",severity="critical"} 1');
});

test("an alert goes to a command as JSON on stdin", async () => {
  const folder = mkdtempSync(join(tmpdir(), "waggle-alert-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "alert.json");
  const program = `process.stdin.pipe(require("node:fs").createWriteStream(${JSON.stringify(file)}))`;
  const { bus } = await serve([{ command: [process.execPath, "-e", program], timeout: "1m" }]);
  await vi.waitFor(async () => expect((await bus.metrics()).delivered).toBe(1), { timeout: 30_000, interval: 10 });
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ data: { alert: "no-result", state: "raised" } });
});

test("a command that hangs is killed with what it has started, and one that fails is told", async () => {
  const ending = new AbortController();
  const hangs = runCommand(["sh", "-c", "sleep 1000 & wait"], "", ending.signal);
  ending.abort();
  await expect(hangs).rejects.toThrow("sh ended with SIGKILL");
  const { signal } = new AbortController();
  await expect(runCommand(["sh", "-c", "exit 3"], "", signal)).rejects.toThrow("sh ended with 3");
  await expect(runCommand(["no-such-program-of-waggle"], "", signal)).rejects.toThrow("ENOENT");
});

test("alerts that are declared wrong are refused with their place", async () => {
  const served = await openBusOnEngine<Record<string, unknown>>({ engine: "memory", source: "test" });
  onTestFinished(() => served.bus.close());
  for (const [alerts, message] of [
    [{ rules: [{ kind: "slow-flow", over: "soon" }] }, "alerts.rules[0].over must be a duration"],
    [
      { rules: [{ kind: "slow-flow" }, { kind: "slow-flow" }] },
      'alerts.rules[1] is the second with the name "slow-flow"',
    ],
    [{ rules: [{ kind: "slow-flow", ovr: 1 }] }, 'has the unknown field "ovr"'],
    [{ rules: [], to: [{ webhook: "http://127.0.0.1/", secret: "s" }] }, "the secret of"],
  ] as const) {
    await expect(assembleServer(served, { alerts: alerts as unknown as AlertConfig })).rejects.toThrow(message);
  }
});
