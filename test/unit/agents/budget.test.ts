import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openBudget } from "../../../lib/agents/index.ts";
import { connect } from "../../../lib/connect/index.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const costs = (amount: number) => async () => ({ result: amount, amount });

test("what is spent counts, and what no longer fits is refused before the call", async () => {
  const bus = testBus();
  using budget = openBudget(bus, { name: "research", limit: 10 });
  expect(await budget.spend(4, costs(3))).toBe(3);
  expect(await budget.left()).toBe(7);
  let called = false;
  const refused = budget.spend(8, async () => {
    called = true;
    return { result: 0, amount: 0 };
  });
  await expect(refused).rejects.toMatchObject({
    code: "throttled",
    retryable: false,
    details: { budget: "research", estimate: 8, left: 7, limit: 10, unit: "USD" },
  });
  expect(called).toBe(false);
  expect(bus.published.map(({ type }) => type)).toEqual([
    "budget.requested",
    "budget.reserved",
    "budget.spent",
    "budget.requested",
    "budget.exceeded",
  ]);
});

test("50 agents at once on several buses of a file never spend more than the limit", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = join(path, "bus.db");
  const buses = await Promise.all([1, 2].map(() => connect({ engine: "embedded", file, source: "test" })));
  onTestFinished(async () => void (await Promise.all(buses.map((bus) => bus.close()))));
  const budgets = buses.map((bus) => openBudget(bus, { name: "shared", limit: 10, unit: "calls" }));
  let calls = 0;
  const ends = await Promise.allSettled(
    Array.from({ length: 50 }, async (_, index) =>
      budgets[index % 2]?.spend(1, async () => {
        calls += 1;
        return { result: index, amount: 1 };
      }),
    ),
  );
  expect(calls).toBe(10);
  const refused = ends.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
  expect(refused).toEqual(Array.from({ length: 40 }, () => "throttled"));
  for (const budget of budgets) expect(await budget.left()).toBe(0);
  for (const budget of budgets) budget.close();
});

test("a call that fails has cost nothing, or what its error says", async () => {
  const bus = testBus();
  using budget = openBudget(bus, { name: "b", limit: 10 });
  const fails = (error: Error) => async () => {
    throw error;
  };
  await expect(budget.spend(5, fails(new Error("refused")))).rejects.toThrow("refused");
  expect(await budget.left()).toBe(10);
  await expect(budget.spend(5, fails(Object.assign(new Error("cut off"), { amount: 2 })))).rejects.toThrow("cut off");
  expect(await budget.left()).toBe(8);
});

test("what a process has set aside that died within its call counts as spent", async () => {
  const bus = testBus();
  const data = { budget: "b", amount: 7, limit: 10, unit: "USD", reservationId: "of-the-dead" };
  await bus.publish({ type: "budget.requested", data, metadata: { correlationId: "budget:b" } });
  using budget = openBudget(bus, { name: "b", limit: 10 });
  expect(await budget.left()).toBe(3);
});

test("each flow, agent and day has a budget of its own", async () => {
  const bus = testBus();
  using days = openBudget(bus, { name: "daily", limit: 10, per: "day" });
  await days.spend(1, costs(6));
  await bus.clock.advance("1d");
  expect(await days.left()).toBe(10);
  using flows = openBudget(bus, { name: "flow", limit: 10, per: "flow" });
  const left: number[] = [];
  await bus.subscribe({ name: "work", on: "custom.work" }, async () => {
    await flows.spend(1, costs(4));
    left.push(await flows.left());
  });
  await bus.publish({ type: "custom.work", data: {} });
  await bus.publish({ type: "custom.work", data: {} });
  await bus.drain();
  expect(left).toEqual([6, 6]);
  await expect(flows.left()).rejects.toThrow("budget flow: give the flow, since it is not known outside of a handler");
  using agents = openBudget(bus, { name: "agent", limit: 10, per: "agent" });
  await agents.spend(1, costs(4), { agent: "one" });
  expect([await agents.left({ agent: "one" }), await agents.left()]).toEqual([6, 10]);
});

test("the threshold is told once", async () => {
  const bus = testBus();
  using budget = openBudget(bus, { name: "b", limit: 10, threshold: 0.5 });
  await budget.spend(1, costs(4));
  await budget.spend(1, costs(2));
  await budget.spend(1, costs(1));
  const told = bus.published.filter(({ type }) => type === "system.cost.threshold.reached");
  expect(told.map(({ data }) => data)).toEqual([{ amount: 6, limit: 10, currency: "USD", period: "b" }]);
});

test("wrong options and amounts are named", async () => {
  const bus = testBus();
  expect(() => openBudget(bus, { name: "b", limit: 0 })).toThrow("openBudget: limit");
  using budget = openBudget(bus, { name: "b", limit: 1 });
  await expect(budget.spend(Number.NaN, costs(1))).rejects.toThrow("the estimate must be a number from 0, not NaN");
});

test("amounts add up as decimals do: twenty calls of 0.1 are within a limit of 2, and one more is not", async () => {
  using budget = openBudget(testBus(), { name: "research", limit: 2 });
  for (let call = 0; call < 20; call += 1) await budget.spend(0.1, costs(0.1));
  expect(await budget.left()).toBe(0);
  await expect(budget.spend(0.000_001, costs(0))).rejects.toMatchObject({ code: "throttled", details: { left: 0 } });
});
