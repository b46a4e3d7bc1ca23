import { expect, test } from "vitest";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { serve } from "./serve.ts";

const alert = (state: string, subject: string, key = "") => ({
  type: "system.performance.alert",
  data: { alert: "slow-flow", metric: "flow.duration", subject, key, value: 12_000, threshold: 10_000, state },
});

test("active alerts are listed with who raised them and since when, the latest first, whoever watches", async () => {
  const clock = new ManualClock(Date.parse("2026-03-01T12:00:00Z"));
  const { bus, get } = await serve({}, { clock });
  expect((await get("/v1/alerts")).json).toEqual({ alerts: [] });
  await bus.publish({ ...alert("raised", "flow-1"), source: "watch-flows" });
  const second = await bus.publish({ ...alert("raised", "flow-2"), source: "waggle-alerts" });
  await bus.publish(alert("raised", "flow-3"));
  await bus.publish(alert("cleared", "flow-3"));
  // Another program's own alert names no rule.
  await bus.publish({ type: "system.performance.alert", data: { metric: "cpu", value: 1 } });
  // An answer is given again for a few seconds.
  expect((await get("/v1/alerts")).json).toEqual({ alerts: [] });
  await clock.advance("3s");
  const { json } = await get("/v1/alerts");
  expect(json.alerts).toMatchObject([
    { id: second.id, subject: "flow-2", source: "waggle-alerts", severity: "warning", since: second.time },
    { subject: "flow-1", source: "watch-flows", alert: "slow-flow", value: 12_000, threshold: 10_000 },
  ]);
});
