import { afterEach, expect, test, vi } from "vitest";
import { openCircuitBreaker } from "../../../lib/agents/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

afterEach(() => {
  vi.useRealTimers();
});

const fails = async () => {
  throw new Error("overloaded");
};

test("it opens by the rate of failures, rejects, tries one call and closes again; each is an event", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  const bus = testBus();
  const breaker = await openCircuitBreaker(bus, "model-x", { minCalls: 4, openFor: "10s" });
  for (let call = 0; call < 2; call += 1) expect(await breaker.call(async () => call)).toBe(call);
  for (let call = 0; call < 2; call += 1) await expect(breaker.call(fails)).rejects.toThrow("overloaded");
  expect(breaker.state).toBe("closed");
  await expect(breaker.call(fails)).rejects.toThrow("overloaded");
  expect(breaker.state).toBe("open");
  await expect(breaker.call(async () => "no")).rejects.toMatchObject({
    code: "circuit_open",
    retryable: true,
    details: { service: "model-x" },
  });
  expect(await breaker.call(async () => "no", { fallback: () => "cheaper model" })).toBe("cheaper model");
  vi.setSystemTime(10_001);
  expect(await breaker.call(async () => "back")).toBe("back");
  expect(breaker.state).toBe("closed");
  expect(breaker.counts).toEqual({ calls: 6, failed: 3, slow: 0, rejected: 2 });
  await bus.drain();
  expect(bus.published.map(({ type, data }) => [type, (data as { to?: string }).to ?? ""].join(" "))).toEqual([
    "circuit_breaker.call.failed ",
    "circuit_breaker.call.failed ",
    "circuit_breaker.state.changed open",
    "circuit_breaker.call.failed ",
    "circuit_breaker.call.rejected ",
    "circuit_breaker.call.rejected ",
    "circuit_breaker.state.changed half-open",
    "circuit_breaker.state.changed closed",
  ]);
});

test("slow calls count as failed, and give their result", async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  const bus = testBus();
  const breaker = await openCircuitBreaker(bus, "model-x", { minCalls: 2, slow: "1s" });
  const slow = async () => {
    await bus.clock.advance("2s");
    return "late";
  };
  for (let call = 0; call < 2; call += 1) expect(await breaker.call(slow)).toBe("late");
  expect(breaker.state).toBe("open");
  expect(breaker.counts).toMatchObject({ slow: 2, failed: 0 });
});

test("a publish that fails affects no call", async () => {
  const bus = testBus();
  const breaker = await openCircuitBreaker(bus, "model-x");
  await bus.close();
  await expect(breaker.call(fails)).rejects.toThrow("overloaded");
});

test("wrong options are named", async () => {
  await expect(openCircuitBreaker(testBus(), "model-x", { failureRate: 2 })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("openCircuitBreaker: failureRate"),
  });
});
