import { createHash } from "node:crypto";
import type { Dirent, Stats } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { distance } from "fastest-levenshtein";
import { BusError } from "wagglebus";

/** A document found on the disk. */
export interface FoundDocument {
  /** From the working directory, with forward slashes; absolute where it lies outside. */
  path: string;
  /** SHA-256 in hex; absent where the file may not be read, which its reader will say. */
  digest?: string;
  /** When its content or its permissions last changed, in milliseconds since 1970. */
  changedMs: number;
}

/** What one argument came to. */
export interface FoundRoot {
  /** As the user would write it. */
  root: string;
  documents: FoundDocument[];
}

/** What was left out, and why. */
export interface Skipped {
  path: string;
  why: string;
}

export interface Scan {
  roots: FoundRoot[];
  skipped: Skipped[];
}

/** Above it, a file is data and not a document. */
const largestBytes = 1_048_576;
/** Where a NUL byte is looked for: no text has one. */
const sniffedBytes = 8_192;
const ignoredFolders = new Set(["node_modules", "dist", "coverage"]);
/** Formats whose first bytes may look like text. */
const binaryExtensions = new Set(
  ".7z .avif .bmp .class .db .exe .gif .gz .ico .jar .jpeg .jpg .mov .mp3 .mp4 .otf .pdf .png .sqlite .tar .tgz .ttf .wasm .webp .woff .woff2 .zip".split(
    " ",
  ),
);

/**
 * Finds the documents in files and folders, each once, sorted by path. `not_found` names an argument that is not there,
 * and one that is nearly its name.
 */
export async function scan(paths: readonly string[], cwd: string, signal: AbortSignal): Promise<Scan> {
  const found: Scan = { roots: [], skipped: [] };
  const seen = new Set<string>();
  // All arguments are looked at before the first is read, so that a mistyped one costs nothing.
  const roots = [];
  for (const path of paths) roots.push({ absolute: resolve(cwd, path), stats: await statArgument(path, cwd) });
  for (const { absolute, stats } of roots) {
    const root: FoundRoot = { root: displayPath(absolute, cwd), documents: [] };
    const visit = async (file: string, fileStats: Stats | undefined) => {
      signal.throwIfAborted();
      if (seen.has(file)) return;
      seen.add(file);
      const path = displayPath(file, cwd);
      const result = await look(file, path, fileStats);
      if ("why" in result) found.skipped.push(result);
      else root.documents.push(result);
    };
    if (stats.isDirectory()) await walk(absolute, cwd, visit, found.skipped);
    else await visit(absolute, stats);
    found.roots.push(root);
  }
  return found;
}

async function statArgument(path: string, cwd: string): Promise<Stats> {
  const absolute = resolve(cwd, path);
  try {
    return await stat(absolute);
  } catch (thrown) {
    const siblings = await readdir(dirname(absolute)).catch(() => []);
    const name = basename(absolute);
    const close = siblings.find((sibling) => distance(name, sibling) <= Math.max(1, Math.floor(name.length / 3)));
    const fix =
      close === undefined ? "give a file or a folder that exists" : `did you mean "${join(dirname(path), close)}"?`;
    throw new BusError("not_found", `${path}: there is no such file or folder; ${fix}`, { cause: thrown });
  }
}

async function walk(
  folder: string,
  cwd: string,
  visit: (file: string, stats: undefined) => Promise<void>,
  skipped: Skipped[],
): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    skipped.push({ path: displayPath(folder, cwd), why: `may not be read (${errorCode(thrown)})` });
    return;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    const skip = (why: string) => skipped.push({ path: displayPath(path, cwd), why });
    if (entry.name.startsWith(".")) skip("hidden");
    else if (entry.isDirectory() && ignoredFolders.has(entry.name)) skip("ignored");
    else if (entry.isDirectory()) await walk(path, cwd, visit, skipped);
    else if (entry.isFile()) await visit(path, undefined);
    else skip(entry.isSymbolicLink() ? "a symbolic link" : "not a file");
  }
}

async function look(file: string, path: string, known: Stats | undefined): Promise<FoundDocument | Skipped> {
  let stats: Stats;
  try {
    stats = known ?? (await stat(file));
  } catch (thrown) {
    // Node puts U+FFFD in the place of each byte that it cannot read, and no file has that name.
    const misnamed = path.includes("\ufffd");
    return { path, why: misnamed ? "its name is not UTF-8; rename it" : `gone (${errorCode(thrown)})` };
  }
  if (!stats.isFile()) return { path, why: "not a file" };
  if (stats.size === 0) return { path, why: "empty" };
  if (stats.size > largestBytes) return { path, why: `larger than ${largestBytes / 1_048_576} MiB` };
  if (binaryExtensions.has(extname(file).toLowerCase())) return { path, why: "binary" };
  const changedMs = stats.ctimeMs;
  try {
    const content = await readFile(file);
    if (content.subarray(0, sniffedBytes).includes(0)) return { path, why: "binary" };
    return { path, digest: createHash("sha256").update(content).digest("hex"), changedMs };
  } catch {
    return { path, changedMs };
  }
}

/** How a path is named in events and to people. */
function displayPath(absolute: string, cwd: string): string {
  const path = relative(cwd, absolute);
  const shown = path === "" ? "." : path.startsWith("..") ? absolute : path;
  return sep === "/" ? shown : shown.replaceAll(sep, "/");
}

function errorCode(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
}
