import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claim, openBudget } from "../../../lib/agents/index.ts";
import { type Bus, connect } from "../../../lib/index.ts";
import { functionsRunHere } from "../rig/targets.ts";
import { busName, patience } from "./settings.ts";

let bus: Bus;
beforeAll(async () => {
  bus = await connect({ engine: "aws", bus: busName, source: "e2e", logLevel: "silent" });
});
afterAll(() => bus?.close());

test.runIf(functionsRunHere)("a function has its effect once, and sleeps while none runs", async () => {
  const correlationId = randomUUID();
  await bus.publish({ type: "custom.e2e.ordered", data: {}, metadata: { correlationId } });
  const where = { metadata: { correlationId: [correlationId] } };
  const since = new Date(Date.now() - 60_000);
  const delivered = await bus.waitFor({ on: "custom.e2e.delivered", where }, { since, timeout: patience });
  // The sleep has taken no attempt: the failure after it was the first one's.
  expect(delivered.data).toEqual({ charged: 1, attempt: 2 });
  const { events } = await bus.history.query({ correlationId, type: ["custom.e2e.charged", "effect.*"] });
  expect(events.map(({ type }) => type).toSorted()).toEqual([
    "custom.e2e.charged",
    "effect.completed",
    "effect.started",
  ]);
});

test("what needs one order of events for all is refused, and says where it is to be had", async () => {
  await expect(claim(bus, "file")).rejects.toThrow(
    "claim: the engine aws has no one order of events for all processes",
  );
  expect(() => openBudget(bus, { name: "b", limit: 1 })).toThrow("openBudget: the engine aws has no one order");
});
