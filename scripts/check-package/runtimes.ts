import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmInstall, report, run } from "./program.ts";

/** The versions that docs/reference/runtimes.md states. */
const versions = { bun: "1.4.5", deno: "2.9.6" } as const;

/** The programs of these runtimes. */
export interface Runtimes {
  readonly bun: string;
  readonly deno: string;
}

/** Installs Bun and Deno from npm, whose packages for this machine hold the programs. No script of theirs is run. */
export async function installRuntimes(folder: string): Promise<Runtimes> {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  await npmInstall(folder, [
    "--ignore-scripts",
    ...Object.entries(versions).map(([name, version]) => `${name}@${version}`),
  ]);
  const modules = join(folder, "node_modules");
  return { bun: find(join(modules, "@oven"), "bin/bun"), deno: find(join(modules, "@deno"), "deno") };
}

function find(scope: string, path: string): string {
  const found = readdirSync(scope)
    .map((name) => join(scope, name, path))
    .find(existsSync);
  if (found === undefined) throw new Error(`${scope} has no ${path} for this machine`);
  return found;
}

/** The smoke part of the suite, with the packages that npm has installed. */
export async function tryRuntimes({ bun, deno }: Runtimes, consumer: string): Promise<void> {
  process.stdout.write(await run(consumer, bun, ["smoke.js", `Bun ${versions.bun}`]));
  const deny = ["run", "-A", "--no-lock", "--node-modules-dir=manual"];
  process.stdout.write(await run(consumer, deno, [...deny, "smoke.js", `Deno ${versions.deno}`]));
  report("the smoke part runs on Bun and on Deno");
}
