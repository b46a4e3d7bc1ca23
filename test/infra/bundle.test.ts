import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { App, AssetStaging, Stack } from "aws-cdk-lib";
import { afterAll, beforeAll, expect, test } from "vitest";
import planner from "../../functions/planner/subscription.ts";
import readers from "../../functions/readers/subscription.ts";
import { AgentEventBus, Subscriber } from "../../lib/cdk/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** A bound on what hangs: on a busy machine a bundle takes a quarter of a minute. */
const longestMs = 240_000;

let folder: string;
/** The bundles of both functions, twice: to bundle the SDK takes longer than all that is asked of them. */
let first: string[];
let again: string[];
/** The bundle of one of them. */
let bundled: string;

beforeAll(() => {
  folder = mkdtempSync(join(root, "node_modules", ".cache-bundle-"));
  first = bundle("first");
  again = bundle(join("a", "deeper", "one"));
  bundled = first.find((path) => read(path, ".map").some((map) => map.includes("functions/planner/"))) ?? "not bundled";
}, longestMs);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Synthesizes two subscribers into an assembly of their own and returns the folder of each bundle. */
function bundle(assembly: string): string[] {
  AssetStaging.clearAssetHashCache();
  const outdir = join(folder, assembly);
  mkdirSync(outdir, { recursive: true });
  const stack = new Stack(new App({ outdir }), "team");
  const bus = AgentEventBus.fromBusName(stack, "Bus", "agents");
  for (const subscription of [planner, readers]) {
    const source = join(root, "functions", subscription.name ?? "");
    new Subscriber(stack, `${subscription.name}`, { bus, subscription, folder: source });
  }
  return readdirSync(outdir).flatMap((name) =>
    existsSync(join(outdir, name, "index.mjs")) ? [join(outdir, name)] : [],
  );
}

const read = (from: string, extension: string): string[] =>
  readdirSync(from).flatMap((name) => (name.endsWith(extension) ? [readFileSync(join(from, name), "utf8")] : []));

test("a bundle is minified, self-contained and reproducible, and has source maps", async () => {
  const other = again.find((path) => basename(path) === basename(bundled));
  expect(readdirSync(other ?? "")).toEqual(readdirSync(bundled));
  const modules = read(bundled, ".mjs");
  expect(read(bundled, ".map")).toHaveLength(modules.length);
  for (const text of modules) {
    expect(text).not.toMatch(/(?:from|import\()"@(?:aws-sdk|smithy)\//);
    expect(text.split("\n").length).toBeLessThan(1_000);
  }
  const { handler } = await import(/* @vite-ignore */ pathToFileURL(join(bundled, "index.mjs")).href);
  expect(handler).toBeTypeOf("function");
});

test("the assets do not depend on the folder of the assembly", () => {
  expect(again.map((path) => basename(path))).toEqual(first.map((path) => basename(path)));
});

test("a bundle contains one copy of the library, shared by handler and wrapper", () => {
  const sources = read(bundled, ".map").flatMap((map) => JSON.parse(map).sources);
  const errors = sources.filter((source: string) => /error\/bus-error\.[jt]s$/.test(source));
  expect(errors).toHaveLength(1);
});

test("a function does not load clients at start-up that it may never need", () => {
  const loaded = new Set<string>();
  const load = (name: string) => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const [, next] of readFileSync(join(bundled, name), "utf8").matchAll(/(?:from|import)"\.\/([^"]+)"/g))
      load(next ?? "");
  };
  load("index.mjs");
  const sources = [...loaded].flatMap((name) => JSON.parse(readFileSync(join(bundled, `${name}.map`), "utf8")).sources);
  expect(sources.some((source: string) => source.includes("@aws-sdk/client-dynamodb/"))).toBe(true);
  for (const client of ["s3", "ssm", "sts"]) {
    expect(sources.filter((source: string) => source.includes(`@aws-sdk/client-${client}/`))).toEqual([]);
  }
});

test("functions whose entries are in the same folder get separate bundles", () => {
  expect(first).toHaveLength(2);
});
