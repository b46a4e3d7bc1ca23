import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { report, run } from "./program.ts";

/** What the CommonJS packages of the SDK call, and an ES module does not have. */
const requireOfCommonJs =
  'import{createRequire as makeRequire}from"node:module";const require=makeRequire(import.meta.url);';

/**
 * A program on the embedded engine becomes a bundle that needs no package, with nothing declared external, in a project that
 * has no AWS package: with esbuild one file, as ES module and as CommonJS. Minified too: then esbuild computes constants, which may turn a computed name into a literal one.
 */
export async function tryEmbeddedBundles(root: string, consumer: string, folder: string): Promise<void> {
  const entry = join(consumer, "smoke.js");
  for (const format of ["esm", "cjs"] as const) {
    for (const minify of [false, true]) {
      const name = `esbuild-${format}${minify ? "-minified" : ""}`;
      await tryBundle(entry, join(folder, name), { format, minify }, [name]);
    }
  }
  await tryVite(root, consumer, join(folder, "vite"));
  report("esbuild and Vite bundle a program on the embedded engine, without any AWS package, and it runs");
}

/** Vite leaves packages out of what it builds for a server, unless it is told otherwise. It makes several files. */
async function tryVite(root: string, consumer: string, folder: string): Promise<void> {
  mkdirSync(folder);
  const build = { outDir: folder, emptyOutDir: true, ssr: "smoke.js" };
  const config = { logLevel: "warn", ssr: { noExternal: true }, build };
  writeFileSync(join(consumer, "vite.config.mjs"), `export default ${JSON.stringify(config)};\n`);
  await run(consumer, process.execPath, [join(root, "node_modules/vite/bin/vite.js"), "build"]);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  process.stdout.write(await run(folder, process.execPath, ["smoke.js", "vite-ssr"]));
}

/** The client for pages becomes one script for browsers: nothing of it needs Node or a package. */
export async function tryBrowserBundle(consumer: string, folder: string): Promise<void> {
  const program = join(consumer, "page.js");
  writeFileSync(program, 'import { createClient } from "wagglebus/browser";\nglobalThis.client = createClient();\n');
  const { outputFiles, metafile } = await build({
    entryPoints: [program],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    outdir: folder,
    write: false,
    metafile: true,
    logLevel: "warning",
  });
  const foreign = Object.keys(metafile.inputs).filter(
    (path) => !/(^|\/)(page\.js|wagglebus\/dist\/lib\/.+)$/.test(path),
  );
  if (foreign.length > 0) throw new Error(`the client for pages takes in ${foreign.join(", ")}`);
  const script = outputFiles[0]?.contents ?? new Uint8Array();
  report(`the client for pages is a script of ${script.length} bytes, ${gzipSync(script).length} compressed`);
}

/** Bun makes one executable of the same program, with its runtime. */
export async function tryCompiled(bun: string, consumer: string, folder: string): Promise<void> {
  const alone = join(folder, "compiled");
  mkdirSync(alone);
  const app = join(alone, "app");
  await run(consumer, bun, ["build", "--compile", "smoke.js", "--outfile", app]);
  process.stdout.write(await run(alone, app, ["bun-compiled"]));
}

/** A program that takes the aws engine from its entry becomes one file with the SDK in it. */
export async function tryAwsBundle(program: string, folder: string): Promise<void> {
  const options = { format: "esm", banner: { js: requireOfCommonJs } } as const;
  await tryBundle(program, join(folder, "aws-bundle"), options, ["bundled"]);
}

/** Bundles a program with esbuild and runs the one file of it where there is nothing else. */
async function tryBundle(
  entry: string,
  folder: string,
  options: { readonly format: "esm" | "cjs"; readonly minify?: boolean; readonly banner?: { readonly js: string } },
  args: readonly string[],
): Promise<void> {
  const outfile = join(folder, options.format === "cjs" ? "app.cjs" : "app.mjs");
  mkdirSync(folder);
  await build({ ...options, entryPoints: [entry], bundle: true, platform: "node", outfile, logLevel: "warning" });
  process.stdout.write(await run(folder, process.execPath, [outfile, ...args]));
}
