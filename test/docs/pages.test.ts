import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";
import { optionNames } from "../../lib/connect/index.ts";
import { BusError, busErrorCodes } from "../../lib/error/bus-error.ts";
import { anchorOf, blocksOf, type Page, readPages, root } from "./pages.ts";

const pages = readPages();
const byPath = new Map(pages.map((page) => [page.path, page]));
const textOf = (path: string) => byPath.get(path)?.text ?? "";

/** The page without its code, where nothing is a heading or a link. */
function prose(page: Page): string[] {
  const code = new Set(blocksOf(page).flatMap(({ code, line }) => code.map((_, index) => line + index)));
  return page.lines.filter((_, index) => !code.has(index + 1));
}

const anchors = (page: Page) =>
  prose(page)
    .flatMap((line) => /^#+ (.*)$/.exec(line)?.[1] ?? [])
    .map(anchorOf);

describe("links lead somewhere", () => {
  test.each(pages)("$path", (page) => {
    const broken: string[] = [];
    for (const [, target = ""] of prose(page)
      .join("\n")
      .matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const path = file === "" ? page.path : normalize(join(dirname(page.path), file));
      const other = byPath.get(path);
      if (
        other === undefined ? !existsSync(join(root, path)) : anchor !== undefined && !anchors(other).includes(anchor)
      ) {
        broken.push(target);
      }
    }
    expect(broken).toEqual([]);
  });
});

test("the index names every page", () => {
  const index = textOf("docs/README.md");
  const others = pages.map(({ path }) => path).filter((path) => /^docs\/(?!README)/.test(path));
  expect(others.filter((path) => !index.includes(`](${path.slice("docs/".length)})`))).toEqual([]);
});

test("errors.md has every code and whether it is retryable, and no other", () => {
  const [, table = ""] = textOf("docs/errors.md").split("| code |");
  const rows = [...table.matchAll(/^\| `(\w+)` \|.*\| (\w+) \|$/gm)].map(([, code, retryable]) => [code, retryable]);
  const codes = busErrorCodes.map((code) => [code, new BusError(code, "").retryable ? "yes" : "no"]);
  expect(rows).toEqual(codes);
});

test("configuration.md has every option, and no other", () => {
  const [, table = ""] = textOf("docs/configuration.md").split("## Options");
  const rows = [...(table.split("\n## ")[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(([, option]) => option);
  expect(rows.toSorted()).toEqual([...optionNames].toSorted());
});
