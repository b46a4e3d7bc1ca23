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
