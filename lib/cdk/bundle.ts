import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import type { BuildOptions } from "esbuild";
import { BusError } from "../error/bus-error.ts";
import { packageFolder } from "./entry.ts";

/** CommonJS dependencies call `require`, which an ES module in Lambda does not have. */
const banner =
  'import{createRequire as __waggleRequire}from"node:module";const require=__waggleRequire(import.meta.url);';

/**
 * The esbuild options of a function: minified ES modules including the SDK, with source maps. Code splitting keeps modules
 * that are imported on demand out of `index.mjs`: in a single file esbuild would wrap and load all of them at start-up, and
 * could not remove unused code, including behind the `import()`s of the SDK.
 */
export const bundling = {
  bundle: true,
  splitting: true,
  platform: "node",
  target: "node24",
  format: "esm",
  outExtension: { ".js": ".mjs" },
  mainFields: ["module", "main"],
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  // Removes the engines that a function does not use: see lib/connect/load-engine.ts.
  define: { "process.env.WAGGLE_BUNDLE": '"function"' },
  banner: { js: banner },
  logLevel: "warning",
} as const satisfies BuildOptions;

/** Returns the code of a function, bundled at synthesis. Throws `invalid_config` if esbuild is missing. */
export function bundledCode(entry: string): Code {
  return Code.fromAsset(dirname(entry), {
    // The hash is that of the bundle, so that a change which does not affect it deploys nothing.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // The image is never used: local bundling either succeeds or throws.
      image: DockerImage.fromRegistry("none"),
      // The command never runs. It distinguishes assets: the CDK treats two with the same folder and JSON settings as one.
      command: [entry],
      local: {
        tryBundle(outdir) {
          for (const { path, contents } of bundle(entry)) {
            const file = join(outdir, path);
            mkdirSync(dirname(file), { recursive: true });
            writeFileSync(file, contents);
          }
          return true;
        },
      },
    },
  });
}

/**
 * Bundles in memory, as if into a folder of the workspace. Source maps have paths relative to the output, and the names of
 * modules depend on them: written by esbuild itself, the same sources would give other assets under another `--output`.
 */
function bundle(entry: string): { path: string; contents: Uint8Array }[] {
  const { buildSync } = esbuild(entry);
  const absWorkingDir = workspace(entry);
  const outdir = join(absWorkingDir, ".waggle", "bundle");
  const options = { ...bundling, entryPoints: { index: entry }, outdir, absWorkingDir, write: false } as const;
  const { outputFiles } = buildSync(options);
  return outputFiles.map(({ path, contents }) => ({ path: relative(outdir, path), contents }));
}

function esbuild(entry: string): typeof import("esbuild") {
  try {
    return createRequire(import.meta.url)("esbuild");
  } catch (cause) {
    throw new BusError("invalid_config", `${entry} cannot be bundled without esbuild; run npm i -D esbuild`, { cause });
  }
}

const lockFiles = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/** Returns the folder of the nearest lock file above the entry; the current folder of the command may be anywhere. */
function workspace(entry: string): string {
  return nearestLockFile(dirname(entry)) ?? packageFolder(dirname(entry));
}

function nearestLockFile(folder: string): string | undefined {
  if (lockFiles.some((name) => existsSync(join(folder, name)))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearestLockFile(parent);
}
