import { expect, test, vi } from "vitest";
import { lazy } from "../../../lib/event/lazy.ts";

test("makes it when it is first asked for, and once, also where it is undefined", () => {
  const make = vi.fn(() => undefined);
  const made = lazy(make);
  expect(make).not.toHaveBeenCalled();
  made();
  made();
  expect(make).toHaveBeenCalledTimes(1);
});

test("what could not be made is tried again", () => {
  const make = vi
    .fn<() => string>(() => "made")
    .mockImplementationOnce(() => {
      throw new Error("not yet");
    });
  const made = lazy(make);
  expect(made).toThrow("not yet");
  expect(made()).toBe("made");
});
