import { afterEach, expect, test, vi } from "vitest";

afterEach(() => vi.restoreAllMocks());

test("examples/outbox.ts runs: the event of an order that is rolled back is not published", async () => {
  const lines: unknown[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => lines.push(line));
  await import("../../examples/outbox.ts");
  expect(lines).toEqual(["order 12: UNIQUE constraint failed: orders.id", 'shipping: {"id":12}', "1 event"]);
});
