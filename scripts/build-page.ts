// Bundles the page of the server into a build: `node scripts/build-page.ts <folder of the build>`. One step of `npm run build`.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundlePage } from "../lib/dashboard/bundle-page.ts";

/** What a first visit may cost, script and style compressed. */
const mostBytes = 150 * 1024;

const [build] = process.argv.slice(2);
if (build === undefined) throw new Error("usage: node scripts/build-page.ts <folder of the build>");
const assets = join(build, "lib/dashboard/assets");
mkdirSync(assets, { recursive: true });
let bytes = 0;
for (const [name, text] of Object.entries(await bundlePage())) {
  writeFileSync(join(assets, name), text);
  bytes += gzipSync(text).length;
}
if (bytes > mostBytes) throw new Error(`the page has ${bytes} bytes compressed, more than ${mostBytes}`);
