// Runs the project's commands: does whatever set-up is missing, then starts Node 24 on the command.
// Plain JavaScript without dependencies, because it runs before anything is installed, on Node 20 or later.

/**
 * What Node is started with, in the project's folder; the caller's arguments follow. `built`: it needs an up-to-date `dist`.
 * @type {Record<string, { argv: string[], built?: boolean }>}
 */
const commands = {
  // The main job.
  start: { argv: ["examples/crew/main.ts"], built: true },
  waggle: { argv: ["dist/bin/waggle.js"], built: true },
  // The CDK app, for `npx cdk`.
  stacks: { argv: ["dist/bin/stacks.js"], built: true },
  build: { argv: [], built: true },
  test: { argv: ["node_modules/vitest/vitest.mjs", "run"], built: true },
  "test:aws": { argv: ["test/aws/run.ts", "ministack"], built: true },
  "test:localstack": { argv: ["test/aws/run.ts", "localstack"], built: true },
  "test:account": { argv: ["test/aws/run.ts", "account"], built: true },
  "test:http": {
    argv: ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.http.config.ts"],
    built: true,
  },
  "test:page": {
    argv: ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.page.config.ts"],
    built: true,
  },
  "test:otel": {
    argv: ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.otel.config.ts"],
    built: true,
  },
  "test:postgres": {
    argv: ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.postgres.config.ts"],
    built: true,
  },
  "test:kafka": {
    argv: ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.kafka.config.ts"],
    built: true,
  },
  sim: { argv: ["scripts/sim.ts"] },
  broker: { argv: ["scripts/broker.ts"] },
  "test:python": { argv: ["scripts/test-python.mjs"], built: true },
  bench: { argv: ["scripts/bench.ts"], built: true },
  typecheck: { argv: ["node_modules/vitest/vitest.mjs", "run", "--config", "vitest.types.config.ts"] },
  lint: { argv: ["node_modules/@biomejs/biome/bin/biome", "check"] },
  arrows: { argv: ["scripts/check-arrows.ts"] },
  lock: { argv: ["scripts/check-lock.mjs"] },
  "docs:page": { argv: ["scripts/page-screenshots.ts"] },
  "docs:api": { argv: ["scripts/api-docs/generate.ts"] },
  package: { argv: ["scripts/check-package/check.ts"], built: true },
};

if (Number.parseInt(process.versions.node, 10) < 20) {
  console.error(`waggle: Node 20 or later is needed, and this is ${process.versions.node}`);
  process.exit(1);
}
const { ensure, node, run, SetupError, say } = await import("./setup.mjs");

const [name = "", ...args] = process.argv.slice(2);
try {
  const command = commands[name];
  if (command === undefined) throw new SetupError(`no command "${name}" among ${Object.keys(commands).join(", ")}`);
  await ensure("install");
  if (command.built === true) await ensure("build");
  if (command.argv.length > 0) {
    const { code, signal } = await run([node, ...command.argv, ...args]);
    process.exitCode = code;
    // npm and the shell see what ended it.
    if (signal !== null) process.kill(process.pid, signal);
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
