import { expect, test } from "vitest";
import {
  answerEffect,
  type EffectCall,
  type EffectOptions,
  effect,
  type UnknownEffect,
} from "../../../lib/agents/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

/** A bus whose handler charges a card, and then fails as often as is said. */
async function charging(options: EffectOptions & { failures?: number; charge?: () => string } = {}) {
  const bus = testBus();
  const calls: string[] = [];
  const results: string[] = [];
  let failures = options.failures ?? 0;
  await bus.subscribe({ name: "billing", on: "custom.order", attempts: 3 }, async () => {
    const result = await effect(
      bus,
      "charge",
      ({ idempotencyKey }) => {
        calls.push(idempotencyKey);
        return options.charge?.() ?? `receipt-${calls.length}`;
      },
      options,
    );
    if (failures > 0) {
      failures -= 1;
      throw new Error("after the charge");
    }
    results.push(result);
  });
  return { bus, calls, results };
}

test("later attempts, redrives and replays get the result of the first call", async () => {
  const { bus, calls, results } = await charging({ failures: 3 });
  const { id } = await bus.publish({ type: "custom.order", data: {} });
  await bus.drain();
  const { deadLetters } = await bus.deadLetters.list();
  await bus.deadLetters.redrive(deadLetters.map((one) => one.id));
  await bus.drain();
  await bus.replay({ ids: [id] }, { to: "billing" });
  await bus.drain();
  expect(calls).toHaveLength(1);
  expect(results).toEqual(["receipt-1", "receipt-1"]);
});

test("another event, and another key, is another effect", async () => {
  const { bus, calls } = await charging();
  await bus.publish({ type: "custom.order", data: {} });
  await bus.publish({ type: "custom.order", data: {} });
  await bus.drain();
  expect(new Set(calls).size).toBe(2);
});

test("what throws has not happened, and is called again with the same idempotency key", async () => {
  let refusals = 1;
  const { bus, calls, results } = await charging({
    charge: () => {
      if (refusals-- > 0) throw new Error("card refused");
      return "receipt";
    },
  });
  await bus.publish({ type: "custom.order", data: {} });
  await bus.drain();
  expect(results).toEqual(["receipt"]);
  expect(calls).toHaveLength(2);
  expect(new Set(calls).size).toBe(1);
  expect(bus.published.map(({ type }) => type)).toEqual([
    "custom.order",
    "effect.started",
    "effect.failed",
    "effect.started",
    "effect.completed",
  ]);
});

/** Has the first attempt end within its effect: it is aborted, so that nobody knows what came of the call. */
async function interrupted(options: EffectOptions = {}) {
  const bus = testBus();
  const calls: string[] = [];
  const results: string[] = [];
  await bus.subscribe({ name: "billing", on: "custom.order", attempts: 3, timeout: "1s" }, async () => {
    const call = async ({ idempotencyKey, signal }: EffectCall) => {
      calls.push(idempotencyKey);
      if (calls.length > 1) return "second receipt";
      return new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    results.push(await effect(bus, "charge", call, options));
  });
  await bus.publish({ type: "custom.order", data: {} });
  await bus.clock.advance("1s");
  await bus.drain();
  return { bus, calls, results };
}

test.each([
  { answer: { result: "known receipt" }, results: ["known receipt"], called: 1 },
  { answer: "retry", results: ["second receipt"], called: 2 },
] as const)(
  "where nobody knows, it is a dead letter until an answer ($called calls)",
  async ({ answer, ...wanted }) => {
    const { bus, calls, results } = await interrupted();
    const [key = ""] = calls;
    const { deadLetters } = await bus.deadLetters.list();
    expect(deadLetters.map(({ reason }) => reason)).toMatchObject([
      { code: "non_retriable", message: expect.stringContaining(`answerEffect(bus, "${key}", …)`) },
    ]);
    expect(bus.published.filter(({ type }) => type === "effect.unknown").map(({ data }) => data)).toEqual([
      { effectKey: "charge", effectId: key, attempt: 1 },
    ]);
    await answerEffect(bus, key, answer);
    await bus.deadLetters.redrive(deadLetters.map(({ id }) => id));
    await bus.drain();
    expect({ results, called: calls.length }).toEqual(wanted);
    await expect(answerEffect(bus, key, answer)).rejects.toMatchObject({ code: "conflict" });
  },
);

test("a function may find out, and a provider that can be asked twice may be called again", async () => {
  const asked: UnknownEffect[] = [];
  const found = await interrupted({
    unknown: (one) => {
      asked.push(one);
      return { result: "found" };
    },
  });
  expect(found.results).toEqual(["found"]);
  expect(asked).toEqual([{ key: "charge", idempotencyKey: found.calls[0] }]);
  const again = await interrupted({ unknown: "retry" });
  expect(again.results).toEqual(["second receipt"]);
  expect(new Set(again.calls).size).toBe(1);
});

test("it belongs to a delivery, and an answer to an effect that was begun", async () => {
  const bus = testBus();
  await expect(effect(bus, "charge", () => "receipt")).rejects.toThrow(
    "effect belongs to a delivery; call it in a handler",
  );
  await expect(answerEffect(bus, "effect-none", "retry")).rejects.toMatchObject({ code: "not_found" });
});
