import { expect, test } from "vitest";
import { windowMs } from "../../../lib/history/stats-window.ts";

test("a window is whole minutes", () => {
  expect(windowMs(undefined)).toBeUndefined();
  expect(windowMs("1m")).toBe(60_000);
  expect(windowMs("1d")).toBe(86_400_000);
  expect(windowMs(120_000)).toBe(120_000);
});

test.each(["30s", "90s", 0, 60_001, "soon", -60_000])("%s is refused", (window) => {
  expect(() => windowMs(window)).toThrow(expect.objectContaining({ code: "invalid_config" }));
});
