// What the project's commands need first: the packages that package-lock.json lists, and an up-to-date `dist`.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const modules = join(root, "node_modules");
const dist = join(root, "dist");
// All of it, whatever a user's settings leave out. No package's script is run, whatever this version of npm would do.
const installAll = ["--include=dev", "--include=optional", "--bin-links", "--ignore-scripts", "--engine-strict=false"];
const quietly = ["--loglevel=error", "--no-audit", "--no-fund"];

const nodePackage = join(modules, "node");
const machineHasNode24 = process.versions.node.startsWith("24.") && !process.execPath.startsWith(modules);
/** The Node that commands run on: the machine's own where it is a 24, else that of the npm package `node`. */
export const node = machineHasNode24 ? process.execPath : join(nodePackage, "bin/node");
/** This process's environment, with that Node and the project's tools first on the PATH. @type {NodeJS.ProcessEnv} */
export const environment = {
  ...process.env,
  PATH: [dirname(node), join(modules, ".bin"), process.env.PATH].join(delimiter),
};

/** What kept a command from being started, and what to do about it. */
export class SetupError extends Error {}

/** Writes to stderr, so that a command's own output stays clean for pipes. @param {string} line */
export function say(line) {
  process.stderr.write(`waggle: ${line}\n`);
}

/**
 * Runs a program to its end, and passes on the signals that this process gets meanwhile.
 * @param {[string, ...string[]]} command
 * @param {{ cwd?: string, stdio?: import("node:child_process").StdioOptions }} [options]
 * @returns {Promise<{ code: number, signal: NodeJS.Signals | null }>}
 */
export function run([file, ...args], { cwd = root, stdio = "inherit" } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env: environment, stdio });
    // A terminal sends Ctrl-C to the child as well, which would take a second one as impatience.
    const onTerminal = [0, 1, 2].some((fd) => isatty(fd));
    const pass = (/** @type {NodeJS.Signals} */ signal) => {
      if (signal !== "SIGINT" || !onTerminal) child.kill(signal);
    };
    const signals = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
    for (const signal of signals) process.on(signal, pass);
    child.on("error", ({ message }) => reject(new SetupError(`could not start ${file}: ${message}`)));
    child.on("exit", (code, signal) => {
      for (const signal of signals) process.off(signal, pass);
      resolve({ code: code ?? 1, signal });
    });
  });
}

/** @param {string} name @param {[string, ...string[]]} command */
async function runStep(name, command, cwd = root) {
  const { code, signal } = await run(command, { cwd, stdio: ["ignore", 2, 2] });
  if (code !== 0) throw new SetupError(`${name} ended with ${signal ?? `code ${code}`}; its messages are above`);
}

const setupLock = join(root, ".setup.lock");

/**
 * Runs `work` while no other process sets this checkout up. The lock of a process that has ended is taken over.
 * @template T
 * @param {() => Promise<T>} work
 */
export async function withLock(work) {
  for (let told = false; !takeLock(); told = true) {
    if (!told) say(`waiting for another command, which sets this checkout up (its lock: ${setupLock})`);
    await wait(200);
  }
  return work().finally(() => fs.rmSync(setupLock, { force: true }));
}

function takeLock() {
  try {
    // A link names its owner from the moment that it is there; a file would be empty at first.
    fs.symlinkSync(String(process.pid), setupLock);
    return true;
  } catch (thrown) {
    if (Object(thrown).code !== "EEXIST") throw thrown;
  }
  try {
    process.kill(Number(fs.readlinkSync(setupLock)), 0);
  } catch (thrown) {
    if (Object(thrown).code === "ESRCH") fs.rmSync(setupLock, { force: true });
  }
  return false;
}

const sources = ["lib", "bin", "scripts/bundle-library.ts", "package.json", "tsconfig.json", "tsconfig.build.json"];
const steps = {
  install: { of: ["package-lock.json"], product: node, work: install },
  build: { of: sources, product: join(dist, "bin/waggle.js"), work: build },
};

/** Does a step where it was not done for what its files hold now, or its product is gone. @param {keyof typeof steps} name */
export async function ensure(name) {
  const { of, product, work } = steps[name];
  const mark = join(modules, `.waggle-${name}`);
  const isDone = () => fs.existsSync(mark) && fs.existsSync(product) && fs.readFileSync(mark, "utf8") === hash(of);
  if (isDone()) return;
  await withLock(async () => {
    if (isDone()) return;
    // Taken first: what changes meanwhile is for the next command.
    const before = hash(of);
    fs.rmSync(mark, { force: true });
    await work();
    fs.writeFileSync(mark, before);
  });
}

/** Of names and contents: a time would miss a checkout. @param {string[]} paths @returns {string} */
function hash(paths) {
  const digest = createHash("sha256");
  for (const path of paths) {
    const full = join(root, path);
    const inside = fs.statSync(full).isDirectory() && fs.readdirSync(full).map((name) => `${path}/${name}`);
    digest.update(`${path}\0`).update(inside ? hash(inside.sort()) : fs.readFileSync(full));
  }
  return digest.digest("hex");
}

async function install() {
  const version = spawnSync("npm", ["--version"], { encoding: "utf8" }).stdout?.trim() || "none";
  if (!(Number.parseInt(version, 10) >= 10)) {
    throw new SetupError(`npm 10 or later is needed, and there is ${version}; "npm install -g npm@11" installs one`);
  }
  say("installing what package-lock.json lists; this takes some seconds");
  await runStep("npm ci", ["npm", "ci", ...installAll, ...quietly]);
  if (machineHasNode24) return;
  // What the package's install script would do, and the link for `npx` that npm leaves out where there is no file yet.
  await runStep("fetching Node 24", ["node", "installArchSpecificPackage.js"], nodePackage);
  const link = join(modules, ".bin/node");
  fs.rmSync(link, { force: true });
  fs.symlinkSync("../node/bin/node", link);
}

async function build() {
  say("building dist");
  // Beside `dist`, so that the paths in source maps are right, and swapped in whole.
  const next = join(root, ".dist-next");
  fs.rmSync(next, { recursive: true, force: true });
  const compiler = "node_modules/typescript/bin/tsc";
  await runStep("the build of the declarations", [node, compiler, "-p", "tsconfig.build.json", "--outDir", next]);
  await runStep("the build", [node, "scripts/bundle-library.ts", next]);
  await runStep("the build of the page", [node, "scripts/build-page.ts", next]);
  fs.chmodSync(join(next, "bin/waggle.js"), 0o755);
  fs.rmSync(dist, { recursive: true, force: true });
  fs.renameSync(next, dist);
}
