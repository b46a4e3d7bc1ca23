import { expect, test } from "vitest";
import { didYouMean, nearest } from "../../../lib/event/nearest.ts";

const names = ["task.created", "task.completed", "task.failed", "memory.created"];

test.each([
  ["task.complete", "task.completed"],
  ["taks.created", "task.created"],
  ["TASK.FAILED", "task.failed"],
  ["memory.create", "memory.created"],
])("nearest finds that %s most likely means %s", (name, meant) => {
  expect(nearest(name, names)).toBe(meant);
});

test("nearest finds transposed letters in a short name too", () => {
  expect(nearest("form", ["from", "to"])).toBe("from");
});

test("nearest returns undefined if no candidate is near", () => {
  expect(nearest("billing.invoice.paid", names)).toBeUndefined();
  expect(nearest("x".repeat(1_000_000), names)).toBeUndefined();
  expect(nearest("", names)).toBeUndefined();
});

test("didYouMean returns the nearest name, or else the fix", () => {
  expect(didYouMean("task.complete", names, "define it")).toBe('; did you mean "task.completed"?');
  expect(didYouMean("billing", names, "define it")).toBe("; define it");
});
