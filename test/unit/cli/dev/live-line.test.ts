import pc from "picocolors";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LiveLine } from "../../../../lib/cli/dev/live-line.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const clear = "\r\u001b[2K";

function terminal() {
  const written: string[] = [];
  const output = {
    isTTY: true,
    columns: 12,
    colors: pc.createColors(false),
    write: (text: string) => written.push(text),
    drained: async () => {},
  };
  return { written, live: new LiveLine(output) };
}

test("draws at once, then at most every 50 ms, and always the newest text", () => {
  const { written, live } = terminal();
  live.show("one");
  live.show("two");
  live.show("three");
  expect(written).toEqual([`${clear}one`]);
  vi.advanceTimersByTime(50);
  expect(written).toEqual([`${clear}one`, `${clear}three`]);
});

test("is cut one column short of the width, so that the terminal does not break it", () => {
  const { written, live } = terminal();
  live.show("0123456789abc");
  expect(written).toEqual([`${clear}0123456789…`]);
});

test("a line that is written goes above it", () => {
  const { written, live } = terminal();
  live.show("working");
  live.output.write("read a.md\n");
  expect(written.join("")).toBe(`${clear}working${clear}read a.md\n${clear}working`);
});

test("once ended, it is gone and nothing is drawn any more", () => {
  const { written, live } = terminal();
  live.show("one");
  live.show("two");
  live.end();
  vi.advanceTimersByTime(1_000);
  live.output.write("summary\n");
  expect(written.join("")).toBe(`${clear}one${clear}summary\n`);
});
