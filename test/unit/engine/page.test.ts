import { expect, test } from "vitest";
import { decodeCursor, encodeCursor, takePage } from "../../../lib/engine/page.ts";

const items = (...positions: number[]) => positions.map((position) => ({ position }));

test("a page takes its limit, and has a cursor where there is more", () => {
  expect(takePage(items(1, 2, 3), 2, "oldest")).toEqual({ items: items(1, 2), cursor: encodeCursor(2, "oldest") });
  expect(takePage(items(3, 2), 2, "newest")).toEqual({ items: items(3, 2) });
  expect(takePage([], 2, "newest")).toEqual({ items: [] });
});

test("no more is looked at than it takes to know whether there is more", () => {
  let given = 0;
  function* endless() {
    for (;;) {
      given += 1;
      yield { position: given };
    }
  }
  takePage(endless(), 3, "oldest");
  expect(given).toBe(4);
});

test.each(["newest", "oldest"] as const)("a cursor of %s first is for that order", (order) => {
  const other = order === "newest" ? "oldest" : "newest";
  expect(decodeCursor(encodeCursor(12, order), order)).toBe(12);
  expect(decodeCursor(undefined, order)).toBeUndefined();
  for (const cursor of [encodeCursor(12, other), "", "12", "n", "n-1", "n1e3", `n${"9".repeat(16)}`]) {
    expect(() => decodeCursor(cursor, order), cursor).toThrow(expect.objectContaining({ code: "invalid_config" }));
  }
});
