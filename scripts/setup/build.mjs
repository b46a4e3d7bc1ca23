import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { environment, root, run, SetupError, say } from "./process.mjs";

const dist = join(root, "dist");
/** Beside `dist`, so that the paths in the source maps are the same, and swapped in whole. */
const next = join(root, ".dist-next");
/** In node_modules, so that a new install (another compiler, perhaps) builds again and the package has no trace of it. */
const markFile = join(root, "node_modules", ".waggle-build.json");
const sources = ["lib", "bin", "package.json", "tsconfig.json", "tsconfig.build.json"];

/**
 * Compiles lib and bin to `dist`, if a source has changed or a file of `dist` has since the last time.
 * @param {string} node the Node to compile with
 */
export async function ensureBuilt(node) {
  if (!built()) await withLock(() => build(node));
}

/** @param {string} node */
async function build(node) {
  if (built()) return;
  say("building dist");
  // Taken first: a source that changes while the compiler runs makes the next command build again.
  const before = hash(sources);
  rmSync(next, { recursive: true, force: true });
  const tsc = join("node_modules", "typescript", "bin", "tsc");
  const args = [tsc, "-p", "tsconfig.build.json", "--outDir", next];
  const { code } = await run(node, args, { env: environment(node), output: "stderr" });
  if (code !== 0) throw new SetupError("the build failed; the compiler's messages are above", code);
  const command = join(next, "bin", "waggle.js");
  if (existsSync(command)) chmodSync(command, 0o755);
  rmSync(markFile, { force: true });
  rmSync(dist, { recursive: true, force: true });
  renameSync(next, dist);
  writeFileSync(markFile, JSON.stringify({ sources: before, dist: hash(["dist"]) }));
}

function built() {
  try {
    const mark = JSON.parse(readFileSync(markFile, "utf8"));
    return mark.sources === hash(sources) && mark.dist === hash(["dist"]);
  } catch {
    // No mark, or one cut short.
    return false;
  }
}

/**
 * Of names and contents, in a fixed order.
 * @param {string[]} paths
 */
function hash(paths) {
  const digest = createHash("sha256");
  for (const path of paths.flatMap(filesOf))
    digest
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update("\0");
  return digest.digest("hex");
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function filesOf(path) {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  const entries = path.includes(".json") ? undefined : readdirSync(full, { withFileTypes: true });
  if (entries === undefined) return [path];
  return entries
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesOf(`${path}/${entry.name}`) : [`${path}/${entry.name}`]));
}
