// Checks the package as its users get it: packs it, looks at the tarball with publint and attw, installs it in a new
// folder, compiles test/package/consumer.ts there and runs that on the oldest Node we support and on this one. The example
// app of the CDK is compiled and synthesized with it too.
// Needs nothing from outside but the npm registry. dist is up to date: scripts/run.mjs sees to it.
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { z } from "zod";
import { environment } from "./setup.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const { version: typescript } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(join(root, "node_modules/typescript/package.json"), "utf8")));
const { engines } = z
  .object({ engines: z.object({ node: z.string().startsWith(">=") }) })
  .parse(JSON.parse(readFileSync(join(root, "package.json"), "utf8")));
const oldest = engines.node.slice(2);
/** The package that has Node's binary for this machine; `node` is made of these. */
const { platform, arch } = process;
const nodePackage = `${platform === "darwin" && arch === "arm64" ? "node-bin" : "node"}-${platform}-${arch}`;

const tsconfig = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024"],
    types: ["node"],
    module: "nodenext",
    strict: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  },
};

const folder = mkdtempSync(join(tmpdir(), "waggle-package-"));
const consumer = join(folder, "consumer");
const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];

/** Runs a program and gives what it wrote to stdout. If it fails, all that it said is shown. */
function run(cwd: string, file: string, args: string[], env = environment): string {
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
  const node = `${nodePackage}@${oldest}`;
  run(consumer, "npm", ["install", ...quiet, tarball, "zod", `typescript@${typescript}`, "@types/node@22", node]);
}

/** With the declarations of the package checked too: a user may not skip them. */
function compile(): void {
  copyFileSync(join(root, "test/package/consumer.ts"), join(consumer, "consumer.ts"));
  writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ ...tsconfig, files: ["consumer.ts"] }));
  run(consumer, join(consumer, "node_modules/.bin/tsc"), ["-p", "."]);
}

/**
 * The example app, with the package as its users get it, compiles, synthesizes, and bundles a function that starts. Its
 * other dependencies are this checkout's: they are far larger than what is tried.
 */
function tryExample(): void {
  const example = join(folder, "orders");
  cpSync(join(root, "examples/orders"), example, { recursive: true });
  const modules = join(example, "node_modules");
  mkdirSync(modules);
  cpSync(join(consumer, "node_modules/wagglebus"), join(modules, "wagglebus"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules")))
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  writeFileSync(join(example, "package-lock.json"), "{}");
  // What the construct generates, in the user's own words.
  writeFileSync(
    join(example, "entry.ts"),
    `import { defineHandler } from "wagglebus/lambda";
import catalog from "./catalog.ts";
import handle from "./functions/receipts/handler.ts";
import subscription from "./functions/receipts/subscription.ts";
export const handler = defineHandler(subscription, handle, { catalog });
`,
  );
  const { compilerOptions } = tsconfig;
  const options = { ...compilerOptions, noEmit: true, skipLibCheck: true, allowImportingTsExtensions: true };
  writeFileSync(join(example, "tsconfig.json"), JSON.stringify({ compilerOptions: options }));
  run(example, join(consumer, "node_modules/.bin/tsc"), ["-p", "."]);
  const out = join(example, "cdk.out");
  run(example, process.execPath, ["app.ts"], { ...environment, CDK_OUTDIR: out });
  const bundles = readdirSync(out).filter((name) => existsSync(join(out, name, "index.mjs")));
  if (bundles.length !== 3) throw new Error(`the example has ${bundles.length} functions instead of 3`);
  for (const name of bundles) {
    const check = `import(${JSON.stringify(pathToFileURL(join(out, name, "index.mjs")).href)}).then(({ handler }) => process.exit(typeof handler === "function" ? 0 : 1))`;
    run(example, process.execPath, ["-e", check]);
  }
  console.log("the example app is synthesized from the package alone, and its functions start");
}

function tryOn(node: string): void {
  process.stdout.write(run(consumer, node, ["consumer.js"]));
  const path = [dirname(node), process.env.PATH ?? ""].join(delimiter);
  const help = run(consumer, "npx", ["--no-install", "waggle", "--help"], { ...process.env, PATH: path });
  if (!help.includes("Usage: waggle")) throw new Error(`waggle --help says:\n${help}`);
  tryCrew(node);
  rmSync(join(consumer, "bus.db"), { force: true });
}

/** The crew, with the package as its users get it, reads its own functions; their workflow completes. */
function tryCrew(node: string): void {
  for (const [from, to] of [
    ["examples/crew", "crew"],
    ["functions", "functions"],
  ] as const)
    cpSync(join(root, from), join(consumer, to), { recursive: true });
  const lines = run(consumer, node, ["crew/main.ts", "--json", "--strict", "--engine", "memory", "functions"]);
  if (!lines.includes('"type":"workflow.completed"')) throw new Error(`the crew says:\n${lines}`);
  console.log("the crew runs on the package alone");
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
  tryExample();
  tryOn(join(consumer, "node_modules", nodePackage, "bin/node"));
  tryOn(process.execPath);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
