// Checks the package as its users get it: packs it, looks at the tarball with publint and attw, installs it in a new
// folder, compiles test/package/consumer.ts there and runs that on the oldest Node we support and on this one.
// Needs nothing from outside but the npm registry. dist is up to date: scripts/run.mjs sees to it.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { platformPackage } from "./setup/node.mjs";
import { environment } from "./setup/process.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const { version: typescript } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(root, "node_modules/typescript/package.json"), "utf8")));
const { engines } = z
  .object({ engines: z.object({ node: z.string().startsWith(">=") }) })
  .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
const oldest = engines.node.slice(2);

const folder = mkdtempSync(join(tmpdir(), "waggle-package-"));
const consumer = join(folder, "consumer");
const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];

/** Runs a program and gives what it wrote to stdout. If it fails, all that it said is shown. */
function run(cwd: string, file: string, args: string[], env = environment(process.execPath)): string {
  const { status, error, stdout } = spawnSync(file, args, {
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status === 0) return stdout;
  process.stderr.write(stdout ?? "");
  throw new Error(`${file} ${args.join(" ")} in ${cwd} ended with ${status}`, { cause: error });
}

function pack(): string {
  const packed = z
    .array(
      z.object({
        filename: z.string(),
        size: z.number(),
        files: z.array(z.object({ path: z.string(), mode: z.number() })),
      }),
    )
    .parse(JSON.parse(run(root, "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder])))[0];
  if (packed === undefined) throw new Error("npm pack gave nothing");
  const wanted = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/(lib|bin)\/.+\.(js|js\.map|d\.ts))$/;
  const unwanted = packed.files.map(({ path }) => path).filter((path) => !wanted.test(path));
  if (unwanted.length > 0) throw new Error(`the package has what it should not: ${unwanted.join(", ")}`);
  for (const path of ["README.md", "LICENSE", "CHANGELOG.md", "dist/lib/index.d.ts", "dist/bin/waggle.js"]) {
    if (!packed.files.some((file) => file.path === path)) throw new Error(`the package lacks ${path}`);
  }
  console.log(`packed: ${packed.files.length} files, ${Math.round(packed.size / 1024)} KiB`);
  return join(folder, packed.filename);
}

function install(tarball: string): void {
  mkdirSync(consumer);
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const node = `${platformPackage()}@${oldest}`;
  run(consumer, "npm", ["install", ...quiet, tarball, "zod", `typescript@${typescript}`, "@types/node@22", node]);
}

/** With the declarations of the package checked too: a user may not skip them. */
function compile(): void {
  copyFileSync(join(root, "test/package/consumer.ts"), join(consumer, "consumer.ts"));
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024"],
    types: ["node"],
    module: "nodenext",
    strict: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  };
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  run(consumer, join(consumer, "node_modules/.bin/tsc"), ["-p", "."]);
}

function tryOn(node: string): void {
  process.stdout.write(run(consumer, node, ["consumer.js"]));
  const path = [dirname(node), process.env.PATH ?? ""].join(delimiter);
  const help = run(consumer, "npx", ["--no-install", "waggle", "--help"], { ...process.env, PATH: path });
  if (!help.includes("Usage: waggle")) throw new Error(`waggle --help says:\n${help}`);
  rmSync(join(consumer, "bus.db"), { force: true });
}

try {
  const tarball = pack();
  const tool = (path: string) => join(root, "node_modules", path);
  run(root, process.execPath, [tool("publint/src/cli.js"), "run", tarball, "--strict"]);
  run(root, process.execPath, [tool("@arethetypeswrong/cli/dist/index.js"), tarball, "--profile", "esm-only"]);
  console.log("publint and attw have nothing to say");
  install(tarball);
  compile();
  console.log("a user's code compiles");
  tryOn(join(consumer, "node_modules", platformPackage(), "bin/node"));
  tryOn(process.execPath);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
