import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { App, AssetStaging, Stack } from "aws-cdk-lib";
import { afterAll, beforeAll, expect, test } from "vitest";
import planner from "../../functions/planner/subscription.ts";
import { AgentEventBus, Subscriber } from "../../lib/cdk/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(root, "node_modules", ".cache-bundle-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The bundle of a subscriber, made into an assembly of its own. */
function bundle(assembly: string): string {
  AssetStaging.clearAssetHashCache();
  const outdir = join(folder, assembly);
  const stack = new Stack(new App({ outdir }), "team");
  const bus = AgentEventBus.fromBusName(stack, "Bus", "agents");
  new Subscriber(stack, "Planner", { bus, subscription: planner, folder: join(root, "functions/planner") });
  const [made] = readdirSync(outdir).filter((name) => existsSync(join(outdir, name, "index.mjs")));
  if (made === undefined) throw new Error(`nothing was bundled into ${outdir}`);
  return join(outdir, made, "index.mjs");
}

test("a function is one module with a source map that starts by itself, and the same the next time", async () => {
  const first = bundle("first");
  const again = bundle("again");
  expect(again.replace("/again/", "/first/")).toBe(first);
  expect(existsSync(`${first}.map`)).toBe(true);
  const text = readFileSync(first, "utf8");
  expect(text).not.toMatch(/from"@aws-sdk\//);
  expect(text.split("\n").length).toBeLessThan(1_000);
  const { handler } = await import(/* @vite-ignore */ pathToFileURL(first).href);
  expect(handler).toBeTypeOf("function");
});

test("a function of one copy of the library: what handler and wrapper import is the same module", () => {
  const { sources } = JSON.parse(readFileSync(`${bundle("copies")}.map`, "utf8"));
  const errors = sources.filter(
    (source: string) => source.endsWith("error/bus-error.ts") || source.endsWith("error/bus-error.js"),
  );
  expect(errors).toHaveLength(1);
});
