import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const scripts = fileURLToPath(new URL("../../../scripts", import.meta.url));

/** Notes that it was called, and installs a compiler that copies, and a test runner that ends as it is told. */
const fakeNpm = `#!/bin/sh
[ "$1" = --version ] && { echo "\${NPM_VERSION:-11.0.0}"; exit; }
echo "$1" >> npm-calls
[ -n "$NPM_FAILS" ] && { echo "no network"; exit 7; }
sleep 0.1
mkdir -p node_modules/typescript/bin node_modules/vitest
cat > node_modules/typescript/bin/tsc <<'END'
const fs = require("node:fs");
const out = process.argv.at(-1);
fs.cpSync("bin", out + "/bin", { recursive: true });
END
cat > node_modules/vitest/vitest.mjs <<'END'
process.on("SIGTERM", () => process.kill(process.pid, "SIGKILL"));
const [, , , how] = process.argv;
if (how === "wait") { console.log("waiting"); setInterval(() => {}, 1_000); } else process.exit(Number(how));
END
`;

let folder: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: folder, remove } = await temporaryDirectory());
  await cp(scripts, join(folder, "scripts"), { recursive: true });
  for (const name of ["bin", "lib", "tools"]) await mkdir(join(folder, name));
  for (const name of ["package", "package-lock", "tsconfig", "tsconfig.build"]) await write(`${name}.json`, "{}");
  for (const step of ["bundle-library", "build-page"]) await write(`scripts/${step}.ts`, "");
  await write("bin/waggle.js", "console.log('first');");
  await write("tools/npm", fakeNpm);
  await chmod(join(folder, "tools/npm"), 0o755);
});
afterEach(() => remove());

const write = (file: string, content: string) => writeFile(join(folder, file), content);
const npmCalls = async () => (await readFile(join(folder, "npm-calls"), "utf8").catch(() => "")).trim().split("\n");

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const path = [join(folder, "tools"), dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
  const child = spawn(process.execPath, ["scripts/run.mjs", ...args], { cwd: folder, env: { PATH: path, ...env } });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...said }));
  return { child, said, ended };
}
const run = (...args: Parameters<typeof start>) => start(...args).ended;

test("installs and builds once, and again where the lock file or a source has changed", async () => {
  expect(await run(["waggle"])).toMatchObject({ code: 0, stdout: "first\n" });
  expect(await run(["waggle"])).toMatchObject({ code: 0, stdout: "first\n", stderr: "" });
  expect(await npmCalls()).toEqual(["ci"]);
  await write("bin/waggle.js", "console.log('second');");
  expect(await run(["waggle"])).toMatchObject({ stdout: "second\n", stderr: "waggle: building dist\n" });
  expect(await npmCalls()).toEqual(["ci"]);
  await write("package-lock.json", '{ "changed": true }');
  expect(await run(["lint"])).toMatchObject({ stderr: expect.stringContaining("waggle: installing") });
  expect(await npmCalls()).toEqual(["ci", "ci"]);
});

test("commands that are started at once install and build once", async () => {
  const ends = await Promise.all([run(["waggle"]), run(["waggle"]), run(["waggle"])]);
  expect(ends.map(({ code, stdout }) => [code, stdout])).toEqual(new Array(3).fill([0, "first\n"]));
  expect(await npmCalls()).toEqual(["ci"]);
  expect(ends.filter(({ stderr }) => stderr.includes("building dist"))).toHaveLength(1);
});

test("the lock of a process that was killed is taken over", async () => {
  const { child, ended } = start(["test", "0"]);
  child.kill("SIGKILL");
  await ended;
  await symlink(String(child.pid), join(folder, ".setup.lock")).catch(() => {});
  expect(await run(["waggle"])).toMatchObject({ code: 0, stdout: "first\n" });
});

test("what is too old or fails is said, and the next command tries again", async () => {
  expect(await run(["waggle"], { NPM_VERSION: "9.8.1" })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("npm 10 or later is needed, and there is 9.8.1"),
  });
  expect(await run(["waggle"], { NPM_FAILS: "yes" })).toMatchObject({
    code: 1,
    stdout: "",
    stderr: expect.stringMatching(/no network\nwaggle: npm ci ended with code 7/),
  });
  expect(await run(["waggle"])).toMatchObject({ code: 0, stdout: "first\n" });
});

test("a command's exit code and the signal that ended it are those of the run; signals are passed on", async () => {
  expect(await run(["test", "3"])).toMatchObject({ code: 3, signal: null });
  const { child, said, ended } = start(["test", "wait"]);
  await eventually("the command runs", () => said.stdout.includes("waiting"));
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: null, signal: "SIGKILL" });
});

test("an unknown command lists those that there are", async () => {
  expect(await run(["tests"])).toMatchObject({ code: 1, stderr: expect.stringMatching(/"tests".*\btest:aws\b/) });
});
