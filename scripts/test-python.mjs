// Runs the tests of the Python client: makes a virtual environment by clients/python/requirements.txt where there is none for it, and starts
// pytest in it, with the arguments that are given. `--find` only says with which Python, and fails where there is none.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { root, run, SetupError, say, withLock } from "./setup.mjs";

const oldest = 10;
const newest = 14;
const project = join(root, "clients/python");
const pinned = join(project, "requirements.txt");
const folder = join(root, "node_modules/.cache/waggle-python");
const mark = join(folder, "installed");

// The options by which .ci/run has vitest write its counts: pytest has none of them.
const given = process.argv.slice(2);
const outputFile = "--outputFile.json=";
const counts = given.find((arg) => arg.startsWith(outputFile))?.slice(outputFile.length);
const rest = given.filter((arg) => !arg.startsWith(outputFile) && !arg.startsWith("--reporter="));

try {
  process.exitCode = await test();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function test() {
  const python = findPython();
  if (python === undefined) {
    say(
      `no Python 3.${oldest} or later with venv and pip is on this machine, so the Python client is not tested; set PYTHON to one`,
    );
    return 1;
  }
  if (rest.includes("--find")) {
    console.log(python);
    return 0;
  }
  await withLock(async () => {
    await install(python);
    // As its users have it: from a wheel. What it needs is among what is pinned.
    await pip("--no-deps", "--no-build-isolation", "--force-reinstall", project);
  });
  const report = join(folder, "report.xml");
  fs.rmSync(report, { force: true });
  const { code } = await run([join(folder, "bin/python"), "-m", "pytest", `--junit-xml=${report}`, ...rest], {
    cwd: project,
  });
  writeCounts(readReport(report));
  return code;
}

/** The virtual environment, made anew where what it is made of has changed. @param {string} python */
async function install(python) {
  const key = createHash("sha256").update(python).update(fs.readFileSync(pinned)).digest("hex");
  if (fs.existsSync(mark) && fs.readFileSync(mark, "utf8") === key) return;
  say(`installing what clients/python/requirements.txt lists, with ${python}`);
  fs.rmSync(folder, { recursive: true, force: true });
  await step([python, "-m", "venv", folder]);
  await pip("--requirement", pinned);
  fs.writeFileSync(mark, key);
}

/** @param {string[]} args */
async function pip(...args) {
  const install = /** @type {const} */ (["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
  await step([join(folder, "bin/python"), ...install, ...args]);
}

/** @param {[string, ...string[]]} command */
async function step(command) {
  const { code } = await run(command, { stdio: ["ignore", 2, 2] });
  if (code !== 0)
    throw new SetupError(`${command.slice(0, 4).join(" ")} … ended with code ${code}; its messages are above`);
}

/** The first that will do: `PYTHON`, those on the PATH, those of pyenv. */
function findPython() {
  const minors = Array.from({ length: newest - oldest + 1 }, (_, index) => newest - index);
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const versions = fs.existsSync(pyenv) ? fs.readdirSync(pyenv).sort().reverse() : [];
  const candidates = [
    ...(process.env.PYTHON ? [process.env.PYTHON] : []),
    "python3",
    ...minors.map((minor) => `python3.${minor}`),
    ...versions.map((version) => join(pyenv, version, "bin/python3")),
  ];
  const check = `import sys, venv, ensurepip; sys.exit(sys.version_info < (3, ${oldest}))`;
  return candidates.find((candidate) => spawnSync(candidate, ["-c", check], { stdio: "ignore" }).status === 0);
}

/** @param {string} report */
function readReport(report) {
  const text = fs.existsSync(report) ? fs.readFileSync(report, "utf8") : "";
  const [, head = ""] = /<testsuite ([^>]*)>/.exec(text) ?? [];
  const count = (/** @type {string} */ name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  return { passed: count("tests") - failed - count("skipped"), failed, skipped: count("skipped") };
}

/** @param {{ passed: number, failed: number, skipped: number }} found */
function writeCounts({ passed, failed, skipped }) {
  if (counts === undefined) return;
  // Named as vitest names them, so that one reader reads both.
  const named = { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, testResults: [] };
  fs.writeFileSync(counts, JSON.stringify(named));
}
