import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { npmInstall, report, run } from "./program.ts";

const { peerDependencies } = z
  .object({ peerDependencies: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")));
/**
 * The clients that are peers, each in the lowest version of its range. The highest that is tried is that of package-lock.json,
 * which every other test runs on: with what the registry has as the newest today, the check could fail tomorrow without a
 * change. An update of the lock file tries a newer one.
 */
const clients = Object.entries(peerDependencies)
  .filter(([name]) => name.startsWith("@aws-sdk/"))
  .map(([name, range]) => `${name}@${lowestOf(range)}`);

/** The lowest zod of its range. */
export const lowestZod = lowestOf(peerDependencies.zod ?? "");

/** Installs the package beside the lowest zod and the lowest clients. */
export async function installLowest(folder: string, tarball: string): Promise<void> {
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await npmInstall(folder, [tarball, `zod@${lowestZod}`, ...clients]);
}

function lowestOf(range: string): string {
  return range.replace(/^\^/, "");
}

/** Copies the program that tries the aws engine into a project, and gives its path. */
export function copyAwsProgram(root: string, project: string): string {
  for (const path of ["package/aws.ts", "support/json-stub.ts", "support/signature.ts"])
    cpSync(join(root, "test", path), join(project, "test", path));
  return join(project, "test/package/aws.ts");
}

/** Runs that program in a project, whose clients it finds. */
export async function tryAws(root: string, project: string, clientsAre: string): Promise<void> {
  const said = await run(project, process.execPath, [copyAwsProgram(root, project)]);
  report(`${said.trimEnd()}, on ${clientsAre}`);
}
