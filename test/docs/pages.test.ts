import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { optionNames } from "../../lib/connect/index.ts";
import { BusError, busErrorCodes } from "../../lib/error/bus-error.ts";
import { anchorsOf, linksOf, type Page, readLinkedPages, readPages, root } from "./pages.ts";

const pages = readLinkedPages();
const byPath = new Map(pages.map((page) => [page.path, page]));
const textOf = (path: string) => byPath.get(path)?.text ?? "";
/** Every page that an index has to name; of the generated ones, their own index. */
const written = readPages()
  .map(({ path }) => path)
  .concat("docs/reference/api/README.md")
  .filter((path) => path !== "README.md" && path !== "docs/README.md");

function pathOf(page: Page, target: string): { path: string; anchor: string | undefined } {
  const [file = "", anchor] = target.split("#");
  return { path: file === "" ? page.path : normalize(join(dirname(page.path), file)), anchor };
}

function isBroken(page: Page, target: string): boolean {
  const { path, anchor } = pathOf(page, target);
  const other = byPath.get(path);
  if (other === undefined) return !existsSync(join(root, path));
  return anchor !== undefined && !anchorsOf(other).has(anchor);
}

describe("links lead somewhere", () => {
  test.each(pages)("$path", (page) => {
    expect(linksOf(page).filter((target) => isBroken(page, target))).toEqual([]);
  });
});

test.each(["docs/README.md", "llms.txt"])("%s names every page", (path) => {
  const index = byPath.get(path);
  const named = new Set(index === undefined ? [] : linksOf(index).map((target) => pathOf(index, target).path));
  expect(written.filter((page) => !named.has(page))).toEqual([]);
});

test("llms.txt has the form of llmstxt.org: a title, a summary, lists of links with a note each", () => {
  const [title = "", , summary = ""] = textOf("llms.txt").split("\n");
  expect(title).toMatch(/^# /);
  expect(summary).toMatch(/^> /);
  const [, ...sections] = textOf("llms.txt").split(/^## .*$/m);
  const lines = sections.flatMap((section) => section.split("\n")).filter((line) => line.trim() !== "");
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.filter((line) => !/^- \[[^\]]+\]\([^)]+\): .+$/.test(line))).toEqual([]);
});

test("the code names pages that are there", () => {
  const files = globSync("{lib,bin,functions,examples}/**/*.ts", { cwd: root });
  const named = files.flatMap((file) =>
    [...readFileSync(join(root, file), "utf8").matchAll(/docs\/[a-z/-]+\.md/g)].map(([path]) => ({ file, path })),
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
});

test("errors.md has every code and whether it is retryable, and no other", () => {
  const [, table = ""] = textOf("docs/reference/errors.md").split("| code |");
  const rows = [...table.matchAll(/^\| `(\w+)` \|.*\| (\w+) \|$/gm)].map(([, code, retryable]) => [code, retryable]);
  const codes = busErrorCodes.map((code) => [code, new BusError(code, "").retryable ? "yes" : "no"]);
  expect(rows).toEqual(codes);
});

test("configuration.md has every option, and no other", () => {
  const [, table = ""] = textOf("docs/reference/configuration.md").split("## Options");
  const rows = [...(table.split("\n## ")[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(([, option]) => option);
  expect(rows.toSorted()).toEqual([...optionNames].toSorted());
});
