// A registry that mirrors only some platforms makes npm leave the other platforms' packages out of package-lock.json.
// Then npm ci refuses it, or a Mac gets no compiler. `--write` puts them in; npm needs no more than name and platform.
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(file, "utf8"));

/** For example `@swc/core-linux-arm-gnueabihf`: linux, arm, gnueabihf. */
const platformName = /(android|darwin|freebsd|linux|netbsd|openbsd|win32)-([a-z0-9]+)(?:-([a-z]+))?$/;

/** @param {string} name */
function platform(name) {
  const [, os, cpu, abi = ""] = platformName.exec(name) ?? [];
  if (os === undefined) return {};
  if (os !== "linux" || abi === "") return { os: [os], cpu: [cpu] };
  return { os: [os], cpu: [cpu], libc: [abi.startsWith("musl") ? "musl" : "glibc"] };
}

const missing = Object.entries(lock.packages).flatMap(([owner, { dev, optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies)
    .filter(([name]) => !(`node_modules/${name}` in lock.packages || `${owner}/node_modules/${name}` in lock.packages))
    .map(([name, version]) => ({ name, entry: { version, ...(dev && { dev }), optional: true, ...platform(name) } })),
);

if (process.argv.includes("--write")) {
  for (const { name, entry } of missing) lock.packages[`node_modules/${name}`] = entry;
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, "en"));
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`${missing.length} packages added to package-lock.json`);
} else if (missing.length > 0) {
  for (const { name } of missing)
    console.error(`package-lock.json lacks ${name}, an optional package of another platform`);
  console.error("Run: npm run check:lock -- --write");
  process.exitCode = 1;
} else {
  console.log("package-lock.json names the optional packages of every platform");
}
