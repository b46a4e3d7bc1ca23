import { expect, test } from "vitest";
import type { Outcome } from "../../../lib/engine/delivery.ts";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { attempting, failing } from "./attempts-bench.ts";
import { batched } from "./batch-bench.ts";

const refusing = (): never => {
  throw new Error("not to be had");
};

function thenable(value: object, descriptor: PropertyDescriptor): object {
  return Object.defineProperty(value, ["then"].join(), descriptor);
}

test.each<[string, () => unknown]>([
  ["a thenable whose `then` throws", () => thenable({}, { value: refusing })],
  ["a thenable whose `then` is a getter that throws", () => thenable({}, { get: refusing })],
  ["a proxy that refuses to be read", () => new Proxy({}, { get: refusing, getPrototypeOf: refusing })],
  ["a promise whose `then` throws", () => thenable(Promise.resolve(), { value: refusing })],
  [
    "a promise whose `constructor` throws",
    () => Object.defineProperty(Promise.resolve(), "constructor", { get: refusing }),
  ],
  ["a function with a `then` that throws", () => thenable(() => {}, { value: refusing })],
])("a handler that gives %s has failed, once", async (_, handler) => {
  const { attempts, begin, counters, outcomes } = attempting(handler);
  begin();
  await turn();
  expect(outcomes).toMatchObject([{ kind: "retry", failure: { code: "handler_error", message: "not to be had" } }]);
  expect(attempts.running).toBe(0);
  expect(counters).toMatchObject({ failed: 1, running: 0 });
});

test.each<[string, (resolve: () => void, reject: (error: Error) => void) => void, Outcome["kind"]]>([
  ["resolves twice", (resolve) => [resolve(), resolve()], "done"],
  ["resolves and rejects", (resolve, reject) => [resolve(), reject(new Error("late"))], "done"],
  ["rejects and resolves", (resolve, reject) => [reject(new Error("early")), resolve()], "retry"],
  ["resolves and throws", (resolve) => [resolve(), refusing()], "done"],
])("of a thenable that %s the first answer counts", async (_, then, kind) => {
  const { attempts, begin, counters, outcomes } = attempting(() => thenable({}, { value: then }));
  begin();
  await turn();
  expect(outcomes).toMatchObject([{ kind }]);
  expect(attempts.running).toBe(0);
  expect(counters.running).toBe(0);
});

test("a handler that blocks past its timeout has timed out, though it returns before a timer could fire", async () => {
  const { begin, clock, counters, errors, outcomes } = attempting(() => clock.set(clock.now() + 10_001));
  begin();
  await turn();
  expect(outcomes).toMatchObject([{ kind: "retry", failure: { code: "timeout" } }]);
  expect(counters).toMatchObject({ failed: 1, delivered: 0, running: 0, stuck: 0 });
  expect(errors).toEqual([]);
});

test("an error that refuses to be read fails its attempt like any other", async () => {
  const { attempts, begin, outcomes } = failing(
    new Proxy(new Error("hidden"), { get: refusing, getPrototypeOf: refusing }),
  );
  begin();
  await turn();
  expect(outcomes).toMatchObject([{ kind: "retry", failure: { code: "handler_error" } }]);
  expect(attempts.running).toBe(0);
});

test.each<[string, () => unknown]>([
  ["a thenable whose `then` throws", () => thenable({}, { value: refusing })],
  ["a thenable whose `then` is a getter that throws", () => thenable({}, { get: refusing })],
])("a batch whose handler gives %s has failed, each event once", async (_, handle) => {
  const { bus, publish } = await batched({ size: 2 }, handle, { attempts: 1 });
  for (const name of ["a", "b"]) await publish(name);
  await bus.drain();
  expect((await bus.deadLetters.list()).deadLetters.map(({ reason }) => reason.message)).toEqual([
    "not to be had",
    "not to be had",
  ]);
  expect(await bus.metrics()).toMatchObject({ running: 0, backlog: 0 });
});

test("a batch whose handler blocks past its timeout has timed out", async () => {
  const { bus, publish } = await batched({ size: 2 }, () => bus.clock.set(bus.clock.now() + 1_001), {
    attempts: 1,
    timeout: "1s",
  });
  for (const name of ["a", "b"]) await publish(name);
  await bus.drain();
  expect((await bus.deadLetters.list()).deadLetters.map(({ reason }) => reason.code)).toEqual(["timeout", "timeout"]);
});
