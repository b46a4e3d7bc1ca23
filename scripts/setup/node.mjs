import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npm } from "./npm.mjs";
import { root, SetupError, say } from "./process.mjs";

const packageFolder = join(root, "node_modules", "node");
const file = process.platform === "win32" ? "node.exe" : "node";
/** Where the binary is put when the package's own install script was not run. */
const ownFolder = join(root, "node_modules", ".waggle-node");
/** The oldest Node the project runs on, from `engines` of package.json. */
const oldest = { major: 22, minor: 18 };

/** The binary of the npm package `node`, wherever its install put it. */
export function findNode() {
  const folders = [packageFolder, ...platformFolders(packageFolder), ...platformFolders(ownFolder)];
  return folders.map((folder) => join(folder, "bin", file)).find(runs);
}

/**
 * Gets the binary when the package's install script was kept from running (`ignore-scripts`), from the package that the
 * script would have installed. Without it, the Node of this machine does if it is new enough.
 * @returns {Promise<string>}
 */
export async function fetchNode() {
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));
  const name = `${platformPackage()}@${version}`;
  say(`fetching Node ${version} (npm package ${name}), as its install script did not run`);
  mkdirSync(ownFolder, { recursive: true });
  await npm(
    ["install", "--prefix", ownFolder, "--no-save", "--ignore-scripts", "--audit=false", "--fund=false", name],
    "stderr",
  );
  const node = findNode();
  if (node !== undefined) return node;
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) {
    say(`${name} cannot be had: going on with this machine's Node ${process.versions.node}`);
    return process.execPath;
  }
  throw new SetupError(
    `${name} cannot be had, and this machine's Node ${process.versions.node} is too old: install Node ${oldest.major}.${oldest.minor} or later`,
  );
}

/** @param {string} folder */
function platformFolders(folder) {
  const modules = join(folder, "node_modules");
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules).filter((name) => name.startsWith("node-"));
  return names.map((name) => join(modules, name));
}

/** The names under which the package `node` publishes its binaries. */
export function platformPackage() {
  const { platform, arch } = process;
  if (platform === "win32") return `node-win-${arch === "ia32" ? "x86" : arch}`;
  return `${platform === "darwin" && arch === "arm64" ? "node-bin" : "node"}-${platform}-${arch}`;
}

/** @param {string} node */
function runs(node) {
  return existsSync(node) && spawnSync(node, ["--version"]).status === 0;
}
