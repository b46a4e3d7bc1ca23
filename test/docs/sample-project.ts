import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { entries } from "../../scripts/entries.mjs";
import { type Block, root } from "./pages.ts";

/**
 * A sample of a page. Its marks, behind the `ts` of its fence:
 * `bus` has a bus around it; `fragment` is type-checked only, with what {@link fragmentNames} declares; `alone` is type-checked
 * apart from the others, since it changes types for the whole program.
 */
export interface Sample {
  readonly block: Block;
  /** `docs/events.md:12`. */
  readonly name: string;
  /** Its file in the project: lines are numbered as on the page. */
  readonly file: string;
}

const busAround = {
  before:
    'import { connect as open } from "wagglebus"; const bus = await open({ engine: "memory", source: "docs", logLevel: "silent" });',
  after: "await bus.close();",
};

const fragmentNames =
  'import type { Bus, Event, HandlerContext } from "wagglebus"; declare const bus: Bus; declare const event: Event; declare const context: HandlerContext;';

export function toSample(block: Block): Sample {
  const name = `${block.page}:${block.line}`;
  return { block, name, file: `${name.replace(/[^A-Za-z0-9]+/g, "-").toLowerCase()}.ts` };
}

function programOf({ file }: Sample): string {
  return file.replace(/\.ts$/, ".js");
}

function sourceOf({ block }: Sample): string {
  const bus = block.marks.has("bus");
  const before = bus ? busAround.before : block.marks.has("fragment") ? fragmentNames : "";
  const lines = [before, ...new Array<string>(block.line - 2).fill(""), ...block.code];
  return [...lines, ...(bus ? [busAround.after] : []), "export {};", ""].join("\n");
}

/** A folder in which the samples are a project that has `wagglebus` installed. */
export interface SampleProject {
  /** What the compiler says of each sample, by its file. */
  check(): Promise<Map<string, string[]>>;
  /** Runs a sample in an empty folder of its own. */
  run(sample: Sample): Promise<{ code: number | null; stdout: string; stderr: string }>;
  remove(): Promise<void>;
}

/** A bound on what hangs: on a busy machine the CDK alone takes half a minute to load. */
const longestRunMs = 120_000;

export async function createSampleProject(samples: readonly Sample[]): Promise<SampleProject> {
  const folder = await mkdtemp(join(tmpdir(), "wagglebus-docs-"));
  // The declarations that users get. With the sources each of the programs would check the whole library again.
  const declarations = (file: string) => join(root, "dist", file.replace(/\.ts$/, ".d.ts"));
  const paths = Object.fromEntries(entries.map(({ name, file }) => [name, [declarations(file)]]));
  const config = (files: readonly Sample[]) =>
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      compilerOptions: { paths, noUnusedLocals: false },
      files: files.map(({ file }) => file),
      include: [],
    });
  const alone = samples.filter(({ block }) => block.marks.has("alone"));
  const together = samples.filter(({ block }) => !block.marks.has("alone"));
  const projects = [together, ...alone.map((sample) => [sample])];
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  for (const sample of samples) {
    const source = sourceOf(sample);
    await writeFile(join(folder, sample.file), source);
    // What Node does to a file that ends with .ts, done here: a process would load its compiler for one file.
    await writeFile(join(folder, programOf(sample)), stripTypeScriptTypes(source));
  }
  for (const [index, files] of projects.entries()) {
    await writeFile(join(folder, `tsconfig.${index}.json`), config(files));
  }
  return {
    async check() {
      const found = new Map<string, string[]>();
      for (const index of projects.keys()) {
        for (const line of (await compile(folder, `tsconfig.${index}.json`)).split("\n")) {
          const [, file, at, says] = /^([^\s(/]+)\((\d+),\d+\): (.*)$/.exec(line) ?? [];
          if (file === undefined) continue;
          found.set(file, [...(found.get(file) ?? []), `line ${at}: ${says}`]);
        }
      }
      return found;
    },
    async run(sample) {
      const cwd = join(folder, "runs", sample.file);
      await mkdir(cwd, { recursive: true });
      return runNode(["--import", join(root, "test/support/run-from-build.mjs"), join(folder, programOf(sample))], cwd);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function compile(folder: string, config: string): Promise<string> {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  try {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [tsc, "--noEmit", "--singleThreaded", "-p", config],
      { cwd: folder },
    );
    return stdout;
  } catch (thrown) {
    if (thrown instanceof Error && "stdout" in thrown && typeof thrown.stdout === "string") return thrown.stdout;
    throw thrown;
  }
}

function runNode(
  args: readonly string[],
  cwd: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(WAGGLE_|NODE_(?!COMPILE_CACHE)|VITEST)/.test(name)),
  );
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: longestRunMs });
  const texts = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    texts.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    texts.stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...texts }));
  });
}
