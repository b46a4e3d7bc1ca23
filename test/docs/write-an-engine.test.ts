import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf, readPages, root } from "./pages.ts";

const sources = ["examples/engine/engine.ts", "examples/engine/journal.ts", "test/contract/example-engine.test.ts"];

test("the page on writing an engine quotes the example as it is", () => {
  const page = readPages().find(({ path }) => path === "docs/reference/write-an-engine.md");
  const quotes = page === undefined ? [] : blocksOf(page).filter(({ language }) => language === "typescript");
  const code = sources.map((file) => readFileSync(join(root, file), "utf8"));
  expect(quotes.length).toBeGreaterThan(4);
  expect(
    quotes.filter((quote) => !code.some((text) => text.includes(quote.code.join("\n")))).map(({ line }) => line),
  ).toEqual([]);
});
