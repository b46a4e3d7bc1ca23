import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { BusError } from "../../../lib/error/bus-error.ts";
import { root, withLock } from "../../../scripts/setup.mjs";
import { runProgram } from "./run-program.ts";
import { timed } from "./say.ts";

/** Where the emulators are installed; `node_modules` is ignored by git and by every tool of the project. */
export const cache = join(root, "node_modules", ".cache", "waggle-aws");

/** Which Pythons will do, as `[major, minor]`. */
export interface PythonRange {
  readonly from: readonly [number, number];
  readonly until: readonly [number, number];
}

/** What a virtual environment holds. */
export interface Venv {
  readonly name: string;
  readonly python: PythonRange;
  /** What `pip install` is given. */
  readonly pip: readonly string[];
  /** It is made anew when this changes. */
  readonly key: string;
}

/** A virtual environment with these packages, made when it is not there. Gives its folder. */
export async function ensureVenv({ name, python: range, pip, key }: Venv, signal: AbortSignal): Promise<string> {
  const folder = join(cache, name);
  const mark = join(folder, "installed");
  const isThere = () => existsSync(mark) && readFileSync(mark, "utf8") === key;
  if (isThere()) return folder;
  return withLock(async () => {
    if (isThere()) return folder;
    const python = await findPython(range);
    await timed(`installing ${name} with ${python}`, async () => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(cache, { recursive: true });
      await runProgram(python, ["-m", "venv", folder], { signal });
      const install = ["install", "--quiet", "--disable-pip-version-check", ...pip];
      await runProgram(join(folder, "bin", "pip"), install, { signal, cwd: cache });
      await writeFile(`${mark}.part`, key);
      await rename(`${mark}.part`, mark);
    });
    return folder;
  });
}

/** The first Python of the machine that will do: `PYTHON`, those on the PATH, those of pyenv. */
export async function findPython({ from, until }: PythonRange): Promise<string> {
  const text = (version: readonly [number, number]) => version.join(".");
  const check = `import sys, venv, ensurepip; sys.exit(not (${tuple(from)} <= sys.version_info[:2] < ${tuple(until)}))`;
  for (const candidate of await candidates(from, until)) {
    const works = await runProgram(candidate, ["-c", check]).then(
      () => true,
      () => false,
    );
    if (works) return candidate;
  }
  throw new BusError(
    "not_found",
    `no Python ${text(from)} or later, before ${text(until)}, with venv and pip is on this machine: install one, or set PYTHON to it`,
  );
}

const tuple = (version: readonly [number, number]) => `(${version.join(", ")})`;

async function candidates(from: PythonRange["from"], until: PythonRange["until"]): Promise<string[]> {
  const minors = Array.from({ length: until[1] - from[1] }, (_, index) => until[1] - 1 - index);
  const pyenv = join(process.env.PYENV_ROOT ?? join(homedir(), ".pyenv"), "versions");
  const versions = existsSync(pyenv) ? await readdir(pyenv) : [];
  return [
    ...(process.env.PYTHON === undefined || process.env.PYTHON === "" ? [] : [process.env.PYTHON]),
    "python3",
    ...minors.map((minor) => `python3.${minor}`),
    ...versions
      .sort()
      .reverse()
      .map((version) => join(pyenv, version, "bin", "python3")),
  ];
}
