import { expect, test, vi } from "vitest";
import { lazy } from "../../../lib/event/lazy.ts";

test("lazy creates the value once, on first use, even if it is undefined", () => {
  const make = vi.fn(() => undefined);
  const made = lazy(make);
  expect(make).not.toHaveBeenCalled();
  made();
  made();
  expect(make).toHaveBeenCalledTimes(1);
});

test("lazy tries again after a failure", () => {
  const make = vi
    .fn<() => string>(() => "made")
    .mockImplementationOnce(() => {
      throw new Error("not yet");
    });
  const made = lazy(make);
  expect(made).toThrow("not yet");
  expect(made()).toBe("made");
});
