import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { root } from "../e2e/start-node.ts";

const folder = join(import.meta.dirname, "collector");
const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" };

/** The collector's program, or why it cannot be had on this machine. */
export type Collector = { readonly program: string } | { readonly missing: string };

/**
 * Builds OpenTelemetry's collector from its Go modules, of the versions in go.sum, unless this checkout has built it before: one to two
 * minutes where Go has compiled none of it yet, seconds afterwards. Throws where what could be had does not compile.
 */
export function buildCollector(): Collector {
  const go = [process.env.GO ?? "go", "/usr/local/go/bin/go"].find(
    (command) => spawnSync(command, ["version"], { env, stdio: "ignore" }).status === 0,
  );
  if (go === undefined) return { missing: "no Go is on this machine; set GO to one" };
  const digest = createHash("sha256");
  for (const file of ["main.go", "go.mod", "go.sum"]) digest.update(readFileSync(join(folder, file)));
  const cache = join(root, "node_modules/.cache/waggle-collector");
  const program = join(cache, digest.digest("hex").slice(0, 16));
  if (existsSync(program)) return { program };
  const run = (...args: string[]) => spawnSync(go, args, { cwd: folder, env, encoding: "utf8" });
  const modules = run("mod", "download");
  if (modules.status !== 0) return { missing: `its Go modules cannot be had: ${modules.stderr.trim().slice(0, 500)}` };
  mkdirSync(cache, { recursive: true });
  // By a name of its own first: two runs may build at once.
  const built = `${program}.${process.pid}`;
  const build = run("build", "-trimpath", "-ldflags", "-s -w", "-o", built, ".");
  if (build.status !== 0) throw new Error(`the collector does not build: ${build.stderr}`);
  renameSync(built, program);
  return { program };
}
