import { globSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("no statement has numbered parameters: Node 22.18 takes them for names, and binds nothing", () => {
  const files = globSync("lib/engines/embedded/**/*.ts");
  expect(files.length).toBeGreaterThan(20);
  const numbered = files.filter((file) => /\?\d/.test(readFileSync(file, "utf8")));
  expect(numbered).toEqual([]);
});
