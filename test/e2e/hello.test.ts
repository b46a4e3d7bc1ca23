import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.restoreAllMocks());

test("examples/hello.ts runs: one publishes, another reacts", async () => {
  const lines: unknown[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => lines.push(line));
  await import("../../examples/hello.ts");
  expect(lines).toEqual(["reader: Read the inbox.", "2 events, completed"]);
});
