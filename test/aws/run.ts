/**
 * Runs the tests that need AWS: `run.ts <ministack|localstack|account> [--up] [--yes] [arguments of vitest]`. Starts what
 * stands in for AWS, deploys the stacks, runs the tests, and leaves nothing behind, also after Ctrl-C. `--up` deploys the crew
 * and waits instead of testing; `--yes` does not ask before it creates anything in an account.
 */
import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { toBusError } from "../../lib/error/bus-error.ts";
import { root } from "../../scripts/setup.mjs";
import { type Assembly, Cdk } from "./rig/cdk.ts";
import { confirmAccount, findAccount } from "./rig/confirm-account.ts";
import { cache } from "./rig/python.ts";
import { say, timed } from "./rig/say.ts";
import {
  accountVariables,
  emulatorEnvironment,
  emulatorVariables,
  type Target,
  targetNames,
  targets,
} from "./rig/targets.ts";
import { type Up, upLines } from "./rig/up-lines.ts";

/** What `--up` deploys: the crew. */
const crew = { app: "bin/stacks.ts", context: { bus: "agents" } };
const contract = { app: "test/aws/contract/app.ts", context: {} };
/** On an emulator the rules are to read ordering keys, which it cannot: the consumers have to find that out. */
const contractOnEmulator = { ...contract, context: { "message-groups": "rule" } };
/** The apps that the other tests share, with their context. */
const shared = [crew, { app: "bin/stacks.ts", context: { bus: "e2e", functions: "test/aws/e2e/functions" } }];

const [given = "", ...args] = process.argv.slice(2);
const name = targetNames.find((one) => one === given);
if (name === undefined) {
  say(`no target ${JSON.stringify(given)}; give ${targetNames.join(", ")}`);
  process.exit(2);
}

const ending = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (!ending.signal.aborted) say("stopping, and cleaning up");
    ending.abort();
  });
}

try {
  process.exitCode = await runOn(targets[name]);
} catch (thrown) {
  if (!ending.signal.aborted) say(toBusError(thrown).message);
  process.exitCode = 1;
}

async function runOn(target: Target): Promise<number> {
  const { signal } = ending;
  const up = args.includes("--up");
  const ofContract = target.start === undefined ? contract : contractOnEmulator;
  const apps = up ? [crew] : needsContract(args) ? [ofContract, ...shared] : shared;
  await mkdir(cache, { recursive: true });
  const account = target.start === undefined ? await findAccount() : undefined;
  const emulator = await target.start?.(signal);
  const env = emulator === undefined ? { ...process.env, ...accountVariables(account) } : emulatorEnvironment(emulator);
  const assemblies: Assembly[] = [];
  const deployed: Assembly[] = [];
  try {
    const cdk = new Cdk({ env, signal });
    if (emulator !== undefined) await timed("bootstrapping", () => cdk.bootstrap("000000000000", "us-east-1"));
    await timed("synthesizing", async () => {
      const omit = target.omit.join(",");
      for (const { app, context } of apps) assemblies.push(await cdk.synth(app, { ...context, omit }));
    });
    if (account !== undefined) await confirmAccount({ ...account, assemblies, yes: args.includes("--yes"), signal });
    for (const [index, assembly] of assemblies.entries()) {
      deployed.push(assembly);
      await timed(`deploying ${JSON.stringify(apps[index])}`, () => cdk.deploy(assembly));
    }
    if (up) {
      const variables = emulator === undefined ? accountVariables(account) : emulatorVariables(emulator.endpoint);
      return await stayUp({ variables, context: { ...crew.context, omit: target.omit.join(",") } }, signal);
    }
    const own = ["--yes"];
    return await runTests(
      { ...env, TEST_AWS_TARGET: target.name },
      args.filter((one) => !own.includes(one)),
      signal,
    );
  } finally {
    // What is in an emulator goes with it. In an account it goes whatever happened, also after Ctrl-C.
    const cdk = new Cdk({ env, signal: new AbortController().signal });
    if (emulator === undefined) for (const one of deployed.reverse()) await timed("destroying", () => cdk.destroy(one));
    for (const assembly of assemblies) await assembly.remove();
    await emulator?.stop();
  }
}

/** Whether the contract's stacks are needed: a hundred functions and queues, which take an emulator a while. */
function needsContract(given: readonly string[]): boolean {
  const files = given.filter((one) => one.startsWith("test/"));
  return files.length === 0 || files.some((file) => file.startsWith("test/aws/contract"));
}

async function stayUp(lines: Up, signal: AbortSignal): Promise<number> {
  for (const line of upLines(lines)) process.stdout.write(`${line}\n`);
  say("deployed: bus agents-dev; paste the first line into another shell, the second deploys again; Ctrl-C cleans up");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return 0;
}

function runTests(env: NodeJS.ProcessEnv, more: readonly string[], signal: AbortSignal): Promise<number> {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const child = spawn(process.execPath, [vitest, "run", "--config", "vitest.aws.config.ts", ...more], {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
    // Ctrl-C is for this process: what tests began is ended in order.
    detached: true,
  });
  signal.addEventListener("abort", () => child.kill("SIGTERM"));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
