import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { readPages, root } from "./pages.ts";

interface Step {
  readonly file: string;
  readonly function: string;
  readonly source: string;
}

/** The numbered list of the page. */
function steps(): Step[] {
  const text = readPages().find(({ path }) => path === "docs/reference/path-of-an-event.md")?.text ?? "";
  return [...text.matchAll(/^\d+\. `(.+?)`: `(\w+)`/gm)].map(([, file = "", name = ""]) => ({
    file,
    function: name,
    source: existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : "",
  }));
}

/** The files whose code a file imports; types alone hand nothing on. */
function importsOf({ file, source }: Step): string[] {
  const imports = [...source.matchAll(/^import (?!type )(?:[^;]*?) from "(\.[^"]+)";$/gms)];
  return imports
    .filter(([statement]) => !/^import \{(?:\s*type [^,}]+,?)+\s*\} from/.test(statement))
    .map(([, path = ""]) => normalize(join(dirname(file), path)));
}

test("an event on embedded passes at most 15 files on its way to the handler", () => {
  const way = steps();
  expect(way.length).toBeGreaterThan(10);
  expect(way.length).toBeLessThanOrEqual(15);
  expect(new Set(way.map(({ file }) => file)).size).toBe(way.length);
  for (const step of way) expect(step.source, step.file).toMatch(new RegExp(`\\b${step.function}(<\\w+>)?\\(`));
});

test("none of them turns back: each calls only what comes after it", () => {
  const way = steps();
  const files = way.map(({ file }) => file);
  const back = way.flatMap((step, index) =>
    importsOf(step)
      .filter((file) => files.indexOf(file) >= 0 && files.indexOf(file) < index)
      .map((file) => `${step.file} calls ${file}`),
  );
  expect(way.flatMap(importsOf).filter((file) => files.includes(file)).length).toBeGreaterThan(3);
  expect(back).toEqual([]);
});
