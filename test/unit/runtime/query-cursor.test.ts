import { expect, test } from "vitest";
import type { HistoryPageOptions, HistoryQuery } from "../../../lib/engine/queries.ts";
import { QueryCursor } from "../../../lib/runtime/query-cursor.ts";

const cursors = (query: HistoryQuery & HistoryPageOptions) => new QueryCursor("history.query", query);

test("a cursor is for its query, whatever the order of its fields, the size of the page and its times", () => {
  const cursor = cursors({ type: "task.*", source: "planner", limit: 2 }).encode("n12");
  for (const query of [
    { source: "planner", type: "task.*" },
    { source: "planner", type: "task.*", limit: 5, cursor },
    { source: "planner", type: "task.*", order: "newest" },
    { source: "planner", type: "task.*", since: new Date(0), happenedUntil: "2026-01-01T00:00:00Z" },
  ] as const) {
    expect(cursors(query).decode(cursor)).toBe("n12");
  }
});

test("with another query it is refused", () => {
  const cursor = cursors({ type: "task.*" }).encode("n12");
  for (const query of [
    {},
    { type: "task.created" },
    { type: ["task.*"] },
    { type: "task.*", source: "planner" },
    { type: "task.*", order: "oldest" },
  ] as const) {
    expect(() => cursors(query).decode(cursor)).toThrow(
      expect.objectContaining({ code: "invalid_config", message: expect.stringContaining("another query") }),
    );
  }
});

test.each(["n12", "", ".", "12345678.", "a cursor"])("%j is no cursor", (cursor) => {
  expect(() => cursors({}).decode(cursor)).toThrow(
    expect.objectContaining({ code: "invalid_config", message: expect.stringContaining("not a cursor of this bus") }),
  );
});

test("an engine's cursor of any text survives", () => {
  const text = "a.b\n.c";
  expect(cursors({}).decode(cursors({}).encode(text))).toBe(text);
});
