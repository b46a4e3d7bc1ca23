import { expect, test } from "vitest";
import { BusError, busErrorCodes, isBusErrorCode, readErrorCode } from "../../../lib/error/bus-error.ts";
import { type Failure, failureSchema } from "../../../lib/error/failure.ts";

test.each(["handler_error", "non_retriable", "process_ended", "overflow", "timeout"])("%s is of the list", (code) => {
  expect(busErrorCodes).toContain(code);
  expect(isBusErrorCode(code)).toBe(true);
});

test("an engine has codes of its own, by a prefix", () => {
  expect(isBusErrorCode("engine:postgres_deadlock")).toBe(true);
  expect(new BusError("engine:postgres_deadlock", "two wait for each other").toJSON()).toEqual({
    code: "engine:postgres_deadlock",
    message: "two wait for each other",
    retryable: false,
    details: {},
  });
  expect(new BusError("engine:postgres_deadlock", "again", { retryable: true }).retryable).toBe(true);
});

test.each(["", "engine:", "handler-error", "Timeout", "engine"])("%j is no code", (text) => {
  expect(isBusErrorCode(text)).toBe(false);
});

test("a stored code that this version does not know reads as an engine's", () => {
  expect(readErrorCode("timeout")).toBe("timeout");
  expect(readErrorCode("engine:full")).toBe("engine:full");
  expect(readErrorCode("budget_exceeded")).toBe("engine:budget_exceeded");
  const stored = { code: "budget_exceeded", message: "no tokens left", at: "2026-01-01T00:00:00.000Z", attempt: 2 };
  const failure: Failure = failureSchema.parse(stored);
  expect(failure).toEqual({ ...stored, code: "engine:budget_exceeded" });
});
