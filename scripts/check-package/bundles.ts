import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { report, run } from "./program.ts";

const app = `import { strict as assert } from "node:assert";
import { connect } from "wagglebus";

const bus = await connect({ engine: "embedded", file: "bus.db", source: "app" });
const created = Promise.withResolvers();
await bus.subscribe({ name: "readers", on: "task.created" }, (event) => created.resolve(event.data.taskId));
await bus.emit.task.created({ taskId: "1" });
assert.equal(await created.promise, "1");
await bus.close();
await assert.rejects(connect({ engine: "aws", bus: "agents" }), { code: "invalid_config", message: /"wagglebus\\/aws"/ });
`;

/** What the CommonJS packages of the SDK call, and an ES module does not have. */
const requireOfCommonJs =
  'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);';

/**
 * A program on the embedded engine becomes one file that needs no package, with nothing declared external, in a project that
 * has no AWS package. Minified too: then esbuild computes constants, which may turn a computed name into a literal one.
 */
export async function tryEmbeddedBundle(consumer: string, folder: string): Promise<void> {
  const entry = join(consumer, "app.mjs");
  writeFileSync(entry, app);
  for (const minify of [false, true]) await tryBundle(entry, join(folder, `embedded-${minify}`), { minify });
  report("an app on the embedded engine is bundled into one file without any AWS package, and runs");
}

/** A program that takes the aws engine from its entry becomes one file with the SDK in it. */
export async function tryAwsBundle(program: string, folder: string): Promise<void> {
  await tryBundle(program, join(folder, "aws-bundle"), { banner: { js: requireOfCommonJs } }, ["bundled"]);
}

/** Bundles a program and runs the one file of it where there is nothing else. */
async function tryBundle(entry: string, folder: string, options: object, args: readonly string[] = []): Promise<void> {
  const outfile = join(folder, "app.mjs");
  mkdirSync(folder);
  await build({ ...options, entryPoints: [entry], bundle: true, platform: "node", format: "esm", outfile });
  process.stdout.write(await run(folder, process.execPath, [outfile, ...args]));
}
