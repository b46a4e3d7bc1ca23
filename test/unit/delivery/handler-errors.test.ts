import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { NonRetriableError, RetryAfterError, retryHint, toFailure } from "../../../lib/delivery/handler-errors.ts";
import { BusError } from "../../../lib/error/bus-error.ts";

const hour = 3_600_000;

test("RetryAfterError reads a duration, at most 11 h", () => {
  expect(new RetryAfterError("busy", "30s").afterMs).toBe(30_000);
  expect(new RetryAfterError("busy", 5).afterMs).toBe(5);
  expect(new RetryAfterError("busy", "2d").afterMs).toBe(11 * hour);
  expect(new RetryAfterError("busy", "30s", { cause: "why" }).cause).toBe("why");
});

test("the hint goes by name and shape, so that another copy of the package counts", () => {
  const foreign = (name: string, fields: object) => Object.assign(new Error("foreign"), { name, ...fields });
  expect(retryHint(new NonRetriableError("no"))).toEqual({ never: true });
  expect(retryHint(foreign("NonRetriableError", {}))).toEqual({ never: true });
  expect(retryHint(foreign("RetryAfterError", { afterMs: 7 }))).toEqual({ afterMs: 7 });
});

test.each([
  new Error("plain"),
  Object.assign(new Error("half"), { name: "RetryAfterError" }),
  Object.assign(new Error("bad"), { name: "RetryAfterError", afterMs: Number.NaN }),
  Object.assign(new Error("bad"), { name: "RetryAfterError", afterMs: -1 }),
  Object.assign(new Error("bad"), { name: "RetryAfterError", afterMs: Number.POSITIVE_INFINITY }),
  Object.assign(new Error("bad"), { name: "RetryAfterError", afterMs: 5n }),
  "text",
  undefined,
  { name: "NonRetriableError" },
])("%s gives no hint", (thrown) => {
  expect(retryHint(thrown)).toBeUndefined();
});

test("a failure carries code, message, stack, time and attempt", () => {
  const error = new Error("broken");
  expect(toFailure(error, 2, 0)).toEqual({
    code: "handler_error",
    message: "broken",
    stack: error.stack,
    at: "1970-01-01T00:00:00.000Z",
    attempt: 2,
  });
  expect(toFailure(new NonRetriableError("never"), 1, 0).code).toBe("non_retriable");
  expect(toFailure(new BusError("unavailable", "down"), 1, 0).code).toBe("unavailable");
});

test.each([
  { thrown: "text", message: "text" },
  { thrown: undefined, message: "undefined" },
  { thrown: null, message: "null" },
  { thrown: Object.create(null), message: "{}" },
])("what is thrown need not be an error: $message", ({ thrown, message }) => {
  expect(toFailure(thrown, 1, 0)).toMatchObject({ code: "handler_error", message });
});

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const refusing = (): never => {
  throw new Error("not to be read");
};
const refusesAll = new Proxy(new Error("hidden"), { get: refusing, getPrototypeOf: refusing, has: refusing });
const callSites: unknown = Reflect.apply(
  () => {
    const { prepareStackTrace } = Error;
    Error.prepareStackTrace = (_, sites) => sites;
    const { stack }: { stack?: unknown } = new Error("sites");
    Error.prepareStackTrace = prepareStackTrace;
    return stack;
  },
  undefined,
  [],
);

test.each<[string, unknown]>([
  ["a bigint", 1n],
  ["a cyclic object", cyclic],
  ["null", null],
  ["call sites", callSites],
  ["a symbol", Symbol("s")],
  ["a function", () => "text"],
  ["an object whose toJSON throws", { toJSON: refusing }],
])("a stack, message, name or code that is %s is left out of the failure", (_, value) => {
  for (const field of ["stack", "message", "name", "code"]) {
    for (const error of [new Error("broken"), new BusError("unavailable", "broken")]) {
      Object.defineProperty(error, field, { value });
      const failure = toFailure(error, 1, 0);
      expect(JSON.parse(JSON.stringify(failure))).toEqual(failure);
      expect(typeof failure.message).toBe("string");
      expect(["string", "undefined"]).toContain(typeof failure.stack);
      expect(["handler_error", "unavailable"]).toContain(failure.code);
      expect(retryHint(error)).toBeUndefined();
    }
  }
});

test("what refuses to be read still makes a failure", () => {
  const getters = new Error("broken");
  for (const field of ["stack", "message", "name", "code", "afterMs"]) {
    Object.defineProperty(getters, field, { get: refusing });
  }
  for (const thrown of [getters, refusesAll]) {
    expect(toFailure(thrown, 1, 0)).toMatchObject({ code: "handler_error", attempt: 1 });
    expect(retryHint(thrown)).toBeUndefined();
  }
});

test("a code that is none of ours, or too long to be one, is that of a handler's error", () => {
  for (const code of ["ENOENT", "", `engine:${"x".repeat(1_000)}`]) {
    expect(toFailure(Object.assign(new BusError("unavailable", "down"), { code }), 1, 0).code).toBe("handler_error");
  }
  const own = Object.assign(new BusError("unavailable", "down"), { code: "engine:postgres_serialization" });
  expect(toFailure(own, 1, 0).code).toBe("engine:postgres_serialization");
});

test("an error of another realm counts as one of this", () => {
  const foreign = (name: string, fields: object): unknown =>
    runInNewContext("Object.assign(new Error('elsewhere'), { name, ...fields })", { name, fields });
  expect(toFailure(foreign("TypeError", {}), 1, 0)).toMatchObject({
    code: "handler_error",
    message: "elsewhere",
    stack: expect.stringContaining("elsewhere"),
  });
  expect(toFailure(foreign("NonRetriableError", {}), 1, 0).code).toBe("non_retriable");
  expect(toFailure(foreign("BusError", { code: "timeout" }), 1, 0).code).toBe("timeout");
  expect(retryHint(foreign("NonRetriableError", {}))).toEqual({ never: true });
  expect(retryHint(foreign("RetryAfterError", { afterMs: 7 }))).toEqual({ afterMs: 7 });
});

test("a message and a stack of 60 MB are cut; of the stack the calls at its end stay", () => {
  const error = new Error("😀".repeat(15_000_000));
  const { message, stack = "" } = toFailure(error, 1, 0);
  expect(message.length).toBeLessThanOrEqual(8_192);
  expect(message.isWellFormed()).toBe(true);
  expect(message.endsWith("…")).toBe(true);
  expect(stack.length).toBeLessThanOrEqual(16_384);
  expect(stack.isWellFormed()).toBe(true);
  expect(stack).toContain("handler-errors.test.ts");
  expect(toFailure("x".repeat(60_000_000), 1, 0).message).toHaveLength(8_192);
});
