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

/** The README and every page under docs/. */
export function readPages(): Page[] {
  const docs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .toSorted();
  return ["README.md", ...docs.map((name) => `docs/${name}`)].map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return { path, text, lines: text.split("\n") };
  });
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
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}
