import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod";
import { entries } from "../../scripts/entries.mjs";

const wanted = Object.fromEntries(entries.map(({ name, file }) => [name, file]));

test("the compiler takes each entry of the package from its source, and none from an old build", () => {
  const config: unknown = JSON.parse(readFileSync(new URL("../../tsconfig.json", import.meta.url), "utf8"));
  const { compilerOptions } = z
    .object({ compilerOptions: z.object({ paths: z.record(z.string(), z.tuple([z.string()])) }) })
    .parse(config);
  const ofCompiler = Object.entries(compilerOptions.paths).map(([name, [file]]) => [name, file.replace(/^\.\//, "")]);
  expect(Object.fromEntries(ofCompiler)).toEqual(wanted);
});
