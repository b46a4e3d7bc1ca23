import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { AssetHashType, DockerImage } from "aws-cdk-lib";
import { Code } from "aws-cdk-lib/aws-lambda";
import type { BuildOptions } from "esbuild";
import { BusError } from "../error/bus-error.ts";
import { packageFolder } from "./entry.ts";

/** Dependencies written as CommonJS call `require`, which a module of Lambda has not got. */
const banner =
  'import{createRequire as __waggleRequire}from"node:module";const require=__waggleRequire(import.meta.url);';

/**
 * How a function is bundled: minified modules with the SDK in them and source maps. `index.mjs` and what it needs at its
 * start are apart from what an `import()` may ask for later: in one file esbuild would wrap all of that, load it at the start
 * and lose track of what nobody uses, the SDK's own `import()`s included.
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
  // Leaves out the choice among engines: see lib/connect/load-engine.ts.
  define: { "process.env.WAGGLE_BUNDLE": '"function"' },
  banner: { js: banner },
  logLevel: "warning",
} as const satisfies BuildOptions;

/** A function's code: its entry, bundled where the stack is deployed. `invalid_config` where esbuild is missing. */
export function bundledCode(entry: string): Code {
  return Code.fromAsset(dirname(entry), {
    // By the bundle, so that what does not change it deploys nothing.
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never asked for: what is bundled here either succeeds or throws.
      image: DockerImage.fromRegistry("none"),
      // Never run, but told by it: the CDK takes assets for one whose folder and settings are alike, as far as they are JSON.
      command: [entry],
      local: {
        tryBundle(outdir) {
          const { buildSync } = esbuild(entry);
          buildSync({ ...bundling, entryPoints: { index: entry }, outdir, absWorkingDir: workspace(entry) });
          return true;
        },
      },
    },
  });
}

function esbuild(entry: string): typeof import("esbuild") {
  try {
    return createRequire(import.meta.url)("esbuild");
  } catch (cause) {
    throw new BusError("invalid_config", `${entry} cannot be bundled: esbuild is missing; run npm i -D esbuild`, {
      cause,
    });
  }
}

const lockFiles = ["package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

/** The folder of the nearest lock file, from the entry upwards, not from where the command runs: that may be anywhere. */
function workspace(entry: string): string {
  return nearestLockFile(dirname(entry)) ?? packageFolder(dirname(entry));
}

function nearestLockFile(folder: string): string | undefined {
  if (lockFiles.some((name) => existsSync(join(folder, name)))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearestLockFile(parent);
}
