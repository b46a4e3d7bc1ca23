import { afterAll, beforeAll } from "vitest";
import { type Assembly, Cdk } from "./cdk.ts";
import { target, targets } from "./targets.ts";

/** Deploys an app before the tests of a file, and destroys it after them. */
export function withStacksOf(app: string): void {
  const cdk = new Cdk({ env: process.env, signal: new AbortController().signal });
  let assembly: Assembly | undefined;
  beforeAll(async () => {
    assembly = await cdk.synth(app, { omit: targets[target].omit.join(",") });
    await cdk.deploy(assembly);
  });
  afterAll(async () => {
    if (assembly === undefined) return;
    await cdk.destroy(assembly);
    await assembly.remove();
  });
}
