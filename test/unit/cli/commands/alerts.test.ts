import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

/** An alert as the server publishes it. */
function told(state: "raised" | "cleared", subject: string) {
  return {
    type: "system.performance.alert",
    data: {
      alert: "slow-flow",
      metric: "flow.duration",
      subject,
      value: 12,
      threshold: 10,
      state,
      key: "k",
      severity: "warning",
    },
  };
}

test("what is raised and not cleared is listed", async () => {
  const { waggle, bus } = workspace();
  await bus(async (opened) => void (await opened.publish(told("cleared", "never raised"))));
  expect(await waggle(["alerts"])).toMatchObject({ code: 0, out: "", err: "no alert is active\n" });
  await bus(async (opened) => {
    for (const subject of ["over", "active"]) await opened.publish(told("raised", subject));
    await opened.publish(told("cleared", "over"));
  });
  const { out } = await waggle(["alerts"]);
  expect(out).toMatch(/^SINCE +ALERT +SEVERITY +VALUE +LIMIT +SUBJECT\n\S+Z +slow-flow +warning +12 +10 +active\n$/);
  const { json } = await waggle(["alerts", "--json"]);
  expect(json).toMatchObject([{ alert: "slow-flow", subject: "active", state: "raised", at: expect.any(String) }]);
});

test("rules are tried on history, and nothing is published", async () => {
  const { cwd, waggle, bus } = workspace();
  const rules = [{ kind: "no-result", on: ["task.completed"], result: "data.result", severity: "critical" }];
  writeFileSync(join(cwd, "waggle.config.mjs"), `export default { alerts: { rules: ${JSON.stringify(rules)} } };`);
  await bus(async (opened) => {
    await opened.publish({ type: "task.completed", data: { taskId: "with", result: 1 } });
    await opened.publish({ type: "task.completed", data: { taskId: "without" } });
  });
  const tried = await waggle(["alerts", "test", "--json", "--config", "waggle.config.mjs"]);
  expect(tried.json).toMatchObject([{ alert: "no-result", severity: "critical", state: "raised" }]);
  expect(await waggle(["alerts"])).toMatchObject({ out: "", err: "no alert is active\n" });
});

test("wrong rules are named, with their place", async () => {
  const { cwd, waggle, bus } = workspace();
  await bus(async (opened) => void (await opened.publish({ type: "custom.any", data: {} })));
  writeFileSync(join(cwd, "c.mjs"), 'export default { alerts: { rules: [{ kind: "slow-flow", over: "fast" }] } };');
  const { code, err } = await waggle(["alerts", "test", "--config", "c.mjs"]);
  expect(code).toBe(1);
  expect(err).toContain("alerts");
  expect(err).toContain("rules[0].over");
});
