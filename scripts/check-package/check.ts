// Checks the package as its users get it: packs it, looks at the tarball with publint and attw, installs it in a new
// folder, compiles the programs of test/package there and runs them on the oldest Node we support and on this one, as bundles,
// on Bun and on Deno. There too, the contract suite runs on an engine. The example app of the CDK is compiled and synthesized,
// the projects of `waggle init` are made, installed and run, the aws engine runs on the oldest and the newest AWS SDK, and the
// package on the oldest zod and that of the lock file.
// Needs nothing from outside but the npm registry. dist is up to date: scripts/run.mjs sees to it.
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
import { environment } from "../setup.mjs";
import { tryAwsBundle, tryBrowserBundle, tryCompiled, tryEmbeddedBundles } from "./bundles.ts";
import { copyAwsProgram, installLowest, lowestZod, tryAws } from "./peers.ts";
import { npmInstall, report, run } from "./program.ts";
import { installRuntimes, tryRuntimes } from "./runtimes.ts";
import { tryTemplates } from "./templates.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const [typescript, vitest] = [versionOf("typescript"), versionOf("vitest")];
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

/** Of a package of this checkout. */
function versionOf(name: string): string {
  const file = join(root, "node_modules", name, "package.json");
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, "utf8"))).version;
}

const folder = mkdtempSync(join(tmpdir(), "waggle-package-"));
const consumer = join(folder, "consumer");
async function pack(): Promise<string> {
  const packed = z
    .array(
      z.object({
        filename: z.string(),
        size: z.number(),
        files: z.array(z.object({ path: z.string(), mode: z.number() })),
      }),
    )
    .parse(JSON.parse(await run(root, "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder])))[0];
  if (packed === undefined) throw new Error("npm pack gave nothing");
  const wanted =
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/(lib|bin)\/.+\.(js|js\.map|d\.ts)|dist\/lib\/dashboard\/assets\/(index\.html|page\.css))$/;
  const unwanted = packed.files.map(({ path }) => path).filter((path) => !wanted.test(path));
  if (unwanted.length > 0) throw new Error(`the package has what it should not: ${unwanted.join(", ")}`);
  for (const path of [
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "dist/lib/index.d.ts",
    "dist/bin/waggle.js",
    "dist/lib/dashboard/assets/page.js",
  ]) {
    if (!packed.files.some((file) => file.path === path)) throw new Error(`the package lacks ${path}`);
  }
  report(`packed: ${packed.files.length} files, ${Math.round(packed.size / 1024)} KiB`);
  return join(folder, packed.filename);
}

async function install(tarball: string): Promise<void> {
  mkdirSync(consumer);
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  const tools = [`typescript@${typescript}`, "@types/node@22", `vitest@${vitest}`, `${nodePackage}@${oldest}`];
  copyFileSync(join(root, "test/package/required.cjs"), join(consumer, "required.cjs"));
  await npmInstall(consumer, [tarball, `zod@${versionOf("zod")}`, ...tools]);
}

/** What a user would write: a program, and the smoke part of the suite. */
const programs = ["consumer.ts", "smoke.ts"];

/** With the declarations of the package checked too: a user may not skip them. */
async function compile(project: string): Promise<void> {
  for (const program of programs) copyFileSync(join(root, "test/package", program), join(project, program));
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ ...tsconfig, files: programs }));
  await run(project, join(consumer, "node_modules/.bin/tsc"), ["-p", "."]);
}

/** A project with the package as its users get it, and this checkout's dependencies, which are far larger than what is tried. */
function makeProject(name: string, from?: string): string {
  const project = join(folder, name);
  const modules = join(project, "node_modules");
  if (from !== undefined) cpSync(join(root, from), project, { recursive: true });
  mkdirSync(modules, { recursive: true });
  cpSync(join(consumer, "node_modules/wagglebus"), join(modules, "wagglebus"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules")))
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  return project;
}

/** The example app compiles, synthesizes, and bundles a function that starts. */
async function tryExample(): Promise<void> {
  const example = makeProject("orders", "examples/orders");
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
  await run(example, join(consumer, "node_modules/.bin/tsc"), ["-p", "."]);
  const out = join(example, "cdk.out");
  await run(example, process.execPath, ["app.ts"], { ...environment, CDK_OUTDIR: out });
  const bundles = readdirSync(out).filter((name) => existsSync(join(out, name, "index.mjs")));
  if (bundles.length !== 3) throw new Error(`the example has ${bundles.length} functions instead of 3`);
  for (const name of bundles) {
    const check = `import(${JSON.stringify(pathToFileURL(join(out, name, "index.mjs")).href)}).then(({ handler }) => process.exit(typeof handler === "function" ? 0 : 1))`;
    await run(example, process.execPath, ["-e", check]);
  }
  report("the example app is synthesized from the package alone, and its functions start");
}

/** The contract suite, on the memory engine, by the few lines that anyone writes: in this checkout they run on the sources. */
async function tryContract(): Promise<void> {
  copyFileSync(join(root, "test/contract/memory.test.ts"), join(consumer, "memory.test.ts"));
  const results = join(folder, "contract.json");
  const vitest = join(consumer, "node_modules/vitest/vitest.mjs");
  await run(consumer, process.execPath, [
    vitest,
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${results}`,
  ]);
  const { numPassedTests } = z
    .object({ numPassedTests: z.int().min(100) })
    .parse(JSON.parse(readFileSync(results, "utf8")));
  report(`the contract suite of the package holds, ${numPassedTests} tests`);
}

/** A server of the package answers with its page, at a deep link too, and the page's script is all there. */
async function tryPage(): Promise<void> {
  const project = makeProject("page");
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  writeFileSync(
    join(project, "page.js"),
    `import { connect } from "wagglebus";
import { createServer } from "wagglebus/server";
const bus = await connect({ engine: "memory", source: "check" });
const server = await createServer(bus, { port: 0, needsToken: false });
const { url } = await server.listen();
const page = await fetch(url + "/flows/a");
const [, script = ""] = /src="([^"]+)"/.exec(await page.text()) ?? [];
const code = await fetch(url + script);
console.log(page.status, code.status, code.headers.get("content-type"), (await code.text()).includes("Dead letters"));
await server.close();
await bus.close();
`,
  );
  const said = (await run(project, process.execPath, ["page.js"])).trim();
  if (said !== "200 200 text/javascript; charset=utf-8 true") throw new Error(`the page is answered with ${said}`);
  report("a server of the package shows its page");
}

async function tryNewestSdk(): Promise<void> {
  const project = makeProject("newest-sdk");
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await tryAws(root, project, `the SDK of package-lock.json, ${versionOf("@aws-sdk/client-eventbridge")}`);
  await tryAwsBundle(copyAwsProgram(root, project), folder);
}

async function tryOn(node: string): Promise<void> {
  const name = `Node ${(await run(consumer, node, ["-p", "process.versions.node"])).trim()}`;
  for (const program of ["consumer.js", "required.cjs", "smoke.js"])
    process.stdout.write(await run(consumer, node, [program, name]));
  const path = [dirname(node), process.env.PATH ?? ""].join(delimiter);
  const help = await run(consumer, "npx", ["--no-install", "waggle", "--help"], { ...process.env, PATH: path });
  if (!help.includes("Usage: waggle")) throw new Error(`waggle --help says:\n${help}`);
  await tryCrew(node);
  rmSync(join(consumer, "bus.db"), { force: true });
}

/** The crew, with the package as its users get it, reads its own functions; their workflow completes. */
async function tryCrew(node: string): Promise<void> {
  for (const [from, to] of [
    ["examples/crew", "crew"],
    ["functions", "functions"],
  ] as const)
    cpSync(join(root, from), join(consumer, to), { recursive: true });
  const lines = await run(consumer, node, ["crew/main.ts", "--json", "--strict", "--engine", "memory", "functions"]);
  if (!lines.includes('"type":"workflow.completed"')) throw new Error(`the crew says:\n${lines}`);
  report("the crew runs on the package alone");
}

async function tryTarball(tarball: string): Promise<void> {
  const tool = (path: string) => join(root, "node_modules", path);
  await run(root, process.execPath, [tool("publint/src/cli.js"), "run", tarball, "--strict"]);
  await run(root, process.execPath, [tool("@arethetypeswrong/cli/dist/index.js"), tarball, "--profile", "esm-only"]);
  report("publint and attw have nothing to say");
}

async function check(): Promise<void> {
  const tarball = await pack();
  const lowest = join(folder, "lowest");
  // What takes longest of all waits for the registry.
  const installs = Promise.all([installLowest(lowest, tarball), installRuntimes(join(folder, "runtimes"))]);
  const others = async () => {
    await tryTarball(tarball);
    await install(tarball);
    await compile(consumer);
    report("a user's code compiles");
    await tryEmbeddedBundles(root, consumer, folder);
    await tryBrowserBundle(consumer, folder);
    await tryContract();
    await tryPage();
    await tryExample();
    await tryTemplates({
      root,
      folder: join(folder, "templates"),
      tarball,
      installed: join(consumer, "node_modules/wagglebus"),
    });
    await tryNewestSdk();
    await tryOn(join(consumer, "node_modules", nodePackage, "bin/node"));
    await tryOn(process.execPath);
    const [, runtimes] = await installs;
    await tryCompiled(runtimes.bun, consumer, folder);
    await tryRuntimes(runtimes, consumer);
    await tryLowest(lowest);
  };
  // Both come to their end before their folders go.
  for (const result of await Promise.allSettled([installs, others()]))
    if (result.status === "rejected") throw result.reason;
}

/** The lowest peers: the AWS SDK runs, and with the lowest zod a user's code compiles and runs. */
async function tryLowest(project: string): Promise<void> {
  await tryAws(root, project, "the lowest SDK");
  symlinkSync(join(consumer, "node_modules/@types"), join(project, "node_modules/@types"));
  await compile(project);
  for (const program of ["consumer.js", "smoke.js"])
    process.stdout.write(await run(project, process.execPath, [program, `zod ${lowestZod}`]));
  report(`the package compiles and runs with zod ${lowestZod}, the lowest, as with ${versionOf("zod")}`);
}

try {
  await check();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
