import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { withLock } from "./lock.mjs";
import { fetchNode, findNode } from "./node.mjs";
import { npm } from "./npm.mjs";
import { root, SetupError, say } from "./process.mjs";

const modules = join(root, "node_modules");
const lockFile = join(root, "package-lock.json");
/** Written when an install has ended well, so an interrupted one never counts. */
const markFile = join(modules, ".waggle-install.json");
/** As a shell gives it for a command that Ctrl-C has ended. */
const interruptedCode = 130;

/** What a user's npm settings could leave out is needed here: dev and optional packages and their commands. */
const settings = [
  "--no-save",
  "--include=dev",
  "--include=optional",
  "--bin-links=true",
  "--engine-strict=false",
  "--audit=false",
  "--fund=false",
  "--loglevel=error",
];

/**
 * @typedef {object} Mark
 * @property {string} lock the hash of the package-lock.json that was installed; a time would miss a checkout
 * @property {string} node the Node to run on, from the project's folder
 * @property {Record<string, number>} files how many files each package has
 */

/**
 * Makes node_modules what package-lock.json says, if it is not, and gives the path of the Node to run on.
 * @returns {Promise<string>}
 */
export async function ensureInstalled() {
  return installed().node ?? withLock(install);
}

async function install() {
  const { node: ready, why, damaged } = installed();
  if (ready !== undefined) return ready;
  if (damaged === true || !installedByHand()) {
    say(`installing what package-lock.json lists (${why}); this takes some seconds`);
    await installAll();
  }
  const node = findNode() ?? (await fetchNode());
  writeFileSync(
    markFile,
    JSON.stringify(/** @type {Mark} */ ({ lock: hash(), node: relative(root, node), files: count() })),
  );
  return node;
}

/**
 * `npm ci`, or what comes closest to it where npm refuses the lock file: some versions do so for another platform's
 * optional package that their registry does not have.
 */
async function installAll() {
  if ((await runNpm("ci", "ignore")) === 0) return;
  say("npm ci failed; trying npm install");
  rmSync(modules, { recursive: true, force: true });
  const code = await runNpm("install", "stderr");
  if (code !== 0)
    throw new SetupError("npm install failed; its message is above. Mend that and run the same again", code);
}

/**
 * @param {"ci" | "install"} command
 * @param {"stderr" | "ignore"} output
 * @returns {Promise<number>} the exit code; npm gives none of its own to an install that Ctrl-C has ended
 */
async function runNpm(command, output) {
  const { code, interrupted } = await npm([command, ...settings], output);
  if (interrupted) throw new SetupError("interrupted; run the same again to go on", interruptedCode);
  return code;
}

/** @returns {{ node?: string, why?: string, damaged?: boolean }} the Node to run on, or why an install is needed */
function installed() {
  if (!existsSync(modules)) return { why: "node_modules is missing" };
  const mark = readJson(markFile);
  if (mark === undefined) return { why: "node_modules is unfinished or not known to be whole" };
  if (mark.lock !== hash()) return { why: "package-lock.json has changed" };
  const now = count();
  const short = Object.entries(mark.files).find(([name, files]) => (now[name] ?? 0) < Number(files));
  if (short !== undefined) return { why: `files of node_modules/${short[0]} are missing`, damaged: true };
  const node = resolve(root, mark.node);
  return existsSync(node) ? { node } : { why: `${mark.node} is missing` };
}

/**
 * Whether `npm install` has put there what package-lock.json says: npm keeps its own account of that, and every
 * package must be there in its version.
 */
function installedByHand() {
  const wanted = readJson(lockFile)?.packages ?? {};
  const there = readJson(join(modules, ".package-lock.json"))?.packages;
  if (there === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === "") return true;
    if (there[path] === undefined) return optional === true;
    const { integrity: got } = there[path];
    return got === integrity && readJson(join(root, path, "package.json"))?.version === version;
  });
}

function hash() {
  return createHash("sha256").update(readFileSync(lockFile)).digest("hex");
}

/** The number of files in each folder of node_modules. Names that begin with a dot are caches and npm's own. */
function count() {
  /** @type {Record<string, number>} */
  const files = {};
  for (const entry of readdirSync(modules, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || !entry.isDirectory()) continue;
    files[entry.name] = countFiles(join(modules, entry.name));
  }
  return files;
}

/**
 * @param {string} folder
 * @returns {number}
 */
function countFiles(folder) {
  let files = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    files += entry.isDirectory() ? countFiles(join(folder, entry.name)) : 1;
  }
  return files;
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // Missing, cut short or not JSON: whatever it should have told is not known.
    return undefined;
  }
}
