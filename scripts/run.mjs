// Runs the project's commands: does whatever set-up is missing, then starts Node 24 on the command.
// Plain JavaScript without dependencies, because it runs before anything is installed, on Node 20 or later.
import { ensureBuilt } from "./setup/build.mjs";
import { ensureInstalled } from "./setup/install.mjs";
import { environment, run, SetupError, say } from "./setup/process.mjs";

/**
 * @typedef {object} Command
 * @property {string} about what it does
 * @property {string[]} argv what Node is started with, in the project's folder; the caller's arguments follow
 * @property {boolean} [built] whether it needs an up-to-date `dist`
 */

const waggle = "dist/bin/waggle.js";
const awsTests = "test/aws/run.ts";

/** @type {Record<string, Command>} */
const commands = {
  start: { about: "the main job: the crew of examples/crew", argv: ["examples/crew/main.ts"], built: true },
  waggle: { about: "the command, with your arguments", argv: [waggle], built: true },
  stacks: { about: "the CDK app, for `npx cdk`", argv: ["dist/bin/stacks.js"], built: true },
  test: {
    about: "every test that needs no AWS emulator",
    argv: ["node_modules/vitest/vitest.mjs", "run"],
    built: true,
  },
  "test:aws": { about: "the tests that need AWS, on MiniStack", argv: [awsTests, "ministack"], built: true },
  "test:localstack": { about: "the same on LocalStack", argv: [awsTests, "localstack"], built: true },
  "test:account": { about: "the same in your account; asks first", argv: [awsTests, "account"], built: true },
  bench: { about: "the benchmarks", argv: ["scripts/bench.ts"], built: true },
  build: { about: "compile lib and bin to dist", argv: [], built: true },
  typecheck: { about: "check the types of everything", argv: ["node_modules/typescript/bin/tsc", "--noEmit"] },
  lint: { about: "check format and lint rules", argv: ["node_modules/@biomejs/biome/bin/biome", "check"] },
  arrows: { about: "check that imports point one way", argv: ["scripts/check-arrows.ts"] },
  lock: { about: "check that package-lock.json serves every platform", argv: ["scripts/check-lock.mjs"] },
  "docs:api": { about: "write the API reference from the docstrings", argv: ["scripts/api-docs/generate.ts"] },
  package: { about: "check the package as its users get it", argv: ["scripts/check-package.ts"], built: true },
};

/**
 * @param {string | undefined} name
 * @param {string[]} args
 * @returns {Promise<import("./setup/process.mjs").Exit>}
 */
async function main(name, args) {
  const command = name === undefined ? undefined : commands[name];
  if (command === undefined) {
    const list = Object.entries(commands).map(([key, { about }]) => `  ${key.padEnd(16)} ${about}`);
    throw new SetupError(`no command ${JSON.stringify(name ?? "")}; there are:\n${list.join("\n")}`, 2);
  }
  const node = await ensureInstalled();
  if (command.built === true) await ensureBuilt(node);
  if (command.argv.length === 0) return { code: 0, interrupted: false };
  return run(node, [...command.argv, ...args], { env: environment(node) });
}

const [name, ...args] = process.argv.slice(2);
try {
  const exit = await main(name, args);
  process.exitCode = exit.code;
  // Ended by a signal: end by the same, so that npm and the shell see what happened.
  if (exit.signal !== undefined) process.kill(process.pid, exit.signal);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = error.exitCode;
}
