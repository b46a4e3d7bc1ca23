// Compiles and bundles the page of the server into a build: `node scripts/build-page.ts <folder of the build>`. One step of
// `npm run build`. The page runs in a browser and is compiled by a configuration of its own.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundlePage } from "../lib/dashboard/bundle-page.ts";

/** What a first visit may cost, script and style compressed. */
const mostBytes = 150 * 1024;

const [build] = process.argv.slice(2);
if (build === undefined) throw new Error("usage: node scripts/build-page.ts <folder of the build>");
const compiler = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
const sources = fileURLToPath(new URL("../lib/dashboard/page", import.meta.url));
const { status } = spawnSync(process.execPath, [compiler, "-p", sources], { stdio: ["ignore", 2, 2] });
if (status !== 0) throw new Error("the page does not compile");
const assets = join(build, "lib/dashboard/assets");
mkdirSync(assets, { recursive: true });
let bytes = 0;
for (const [name, text] of Object.entries(await bundlePage())) {
  writeFileSync(join(assets, name), text);
  bytes += gzipSync(text).length;
}
if (bytes > mostBytes) throw new Error(`the page has ${bytes} bytes compressed, more than ${mostBytes}`);
