import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the project. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A page of the documentation, by its path from the project's folder. */
export interface Page {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  /** The line of its first line of code, from 1. */
  readonly line: number;
  /** The first word behind the fence: `ts`, `sh`. */
  readonly language: string;
  /** The words after it. */
  readonly marks: ReadonlySet<string>;
  readonly code: readonly string[];
}

/** Written from docstrings by `npm run docs:api`; what stands in its blocks are no samples. */
const generated = "docs/reference/api/";

/** The README and the pages under docs/ that people write: what has samples. */
export function readPages(): Page[] {
  const paths = ["README.md", ...markdownIn("docs")];
  return paths.filter((path) => !path.startsWith(generated)).map(readPage);
}

/** Every page that has links: the written and the generated ones, and those outside of docs/. */
export function readLinkedPages(): Page[] {
  const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "llms.txt"];
  return [...paths, ...markdownIn("docs"), ...markdownIn("examples")].map(readPage);
}

function markdownIn(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md") && !name.includes("node_modules"))
    .toSorted()
    .map((name) => `${folder}/${name}`);
}

function readPage(path: string): Page {
  const text = readFileSync(join(root, path), "utf8");
  return { path, text, lines: text.split("\n") };
}

/** The fenced blocks of a page. */
export function blocksOf({ path, lines }: Page): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; marks: ReadonlySet<string>; fence: string; code: string[] } | undefined;
  for (const [index, text] of lines.entries()) {
    if (open !== undefined) {
      if (text.trim() !== open.fence) open.code.push(text);
      else {
        blocks.push({ page: path, line: open.line, language: open.language, marks: open.marks, code: open.code });
        open = undefined;
      }
      continue;
    }
    const [, fence, language, marks = ""] = /^(`{3,})(\w*)\s*(.*)$/.exec(text) ?? [];
    if (fence === undefined || language === undefined) continue;
    open = { line: index + 2, language, marks: new Set(marks.split(/\s+/).filter(Boolean)), fence, code: [] };
  }
  if (open !== undefined) throw new Error(`${path}:${open.line}: the block is never closed`);
  return blocks;
}

/** What a heading is called in a link: GitHub's rule. */
export function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\\(?=\p{P}|\p{S})/gu, "")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}

/** The page without its code, where nothing is a heading or a link. */
export function proseOf(page: Page): string[] {
  const code = new Set(blocksOf(page).flatMap(({ code, line }) => code.map((_, index) => line + index)));
  return page.lines.filter((_, index) => !code.has(index + 1));
}

/** Every anchor of a page: its headings, a number behind those that come again, and what has an id. */
export function anchorsOf(page: Page): Set<string> {
  const anchors = new Set<string>();
  const times = new Map<string, number>();
  for (const line of proseOf(page)) {
    for (const [, id = ""] of line.matchAll(/<a id="([^"]+)">/g)) anchors.add(id);
    const [, heading] = /^#+ (.*)$/.exec(line) ?? [];
    if (heading === undefined) continue;
    const anchor = anchorOf(heading);
    const before = times.get(anchor) ?? 0;
    times.set(anchor, before + 1);
    anchors.add(before === 0 ? anchor : `${anchor}-${before}`);
  }
  return anchors;
}

/** Where the links of a page lead, without those to other sites. */
export function linksOf(page: Page): string[] {
  const targets = [
    ...proseOf(page)
      .join("\n")
      .matchAll(/\]\(([^)\s]+)\)/g),
  ].map(([, target = ""]) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}
