import { expect, test, vi } from "vitest";
import { loadSqliteQuietly } from "../../../lib/connect/load-sqlite.ts";

test("of the warnings while SQLite is loaded only the one about SQLite is dropped, and of those after it none", () => {
  const warned: unknown[][] = [];
  const emitWarning = vi
    .spyOn(process, "emitWarning")
    .mockImplementation((...args: unknown[]) => void warned.push(args));
  const sqlite = "SQLite is an experimental feature and might change at any time";
  loadSqliteQuietly(() => {
    process.emitWarning(sqlite, "ExperimentalWarning");
    process.emitWarning("Fetch is an experimental feature", "ExperimentalWarning");
    process.emitWarning(new Error("old"));
  });
  expect(() =>
    loadSqliteQuietly(() => {
      throw new Error("there is none");
    }),
  ).toThrow("there is none");
  process.emitWarning(sqlite, "ExperimentalWarning");
  expect(warned).toEqual([
    ["Fetch is an experimental feature", "ExperimentalWarning"],
    [new Error("old")],
    [sqlite, "ExperimentalWarning"],
  ]);
  emitWarning.mockRestore();
});
