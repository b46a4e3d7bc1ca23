import { describe, expect, test } from "vitest";
import { pointInTime } from "../../../../lib/cli/options/values.ts";
import { wantsColor } from "../../../../lib/cli/process-io.ts";

describe("a point in time", () => {
  const parse = pointInTime({ now: () => Date.parse("2026-01-31T12:00:00Z") });

  test.each([
    ["2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00Z"],
    ["2026-01-30", "2026-01-30T00:00:00Z"],
    ["15m", "2026-01-31T11:45:00.000Z"],
    ["0ms", "2026-01-31T12:00:00.000Z"],
  ])("%s is parsed as %s", (text, time) => {
    expect(parse(text)).toBe(time);
  });

  test.each(["yesterday", "2026-02-30", "12:00", "15", "-5m", ""])("%j is refused", (text) => {
    expect(() => parse(text)).toThrow("how long ago");
  });
});

describe("colour", () => {
  test.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    [{ TERM: "dumb" }, true, false],
  ])("with %j and terminal %j is %j", (env, isTTY, expected) => {
    expect(wantsColor(env, isTTY)).toBe(expected);
  });
});
