import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { oldestNode, tooOldNode } from "../../lib/cli/node-version.ts";

// Node 20 printed: SyntaxError: The requested module 'node:module' does not provide an export named 'findPackageJSON'.
test("waggle on an old Node prints the version that it needs", () => {
  expect(tooOldNode("20.20.2")).toBe(
    "waggle needs Node 22.18 or later, and this is 20.20.2; install a newer one (https://nodejs.org)",
  );
  expect(tooOldNode("22.17.9")).toContain("needs Node 22.18");
  for (const version of ["22.18.0", "22.19.1", "23.0.0", "24.21.0", "25.0.0-nightly"]) {
    expect(tooOldNode(version)).toBeUndefined();
  }
});

test("the version is checked before anything is imported that an old Node lacks", () => {
  const source = readFileSync(new URL("../../bin/waggle.ts", import.meta.url), "utf8");
  expect(source.match(/^import .*/gm)).toEqual(['import { tooOldNode } from "../lib/cli/node-version.ts";']);
  expect(readFileSync(new URL("../../lib/cli/node-version.ts", import.meta.url), "utf8")).not.toMatch(/^import /m);
});

test("the oldest supported Node is the one in package.json", () => {
  const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(engines.node).toBe(`>=${oldestNode}`);
});
