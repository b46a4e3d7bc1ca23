import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../../lib/index.ts";
import { root } from "../../../scripts/setup.mjs";
import { eventually } from "../../support/eventually.ts";
import { type Assembly, Cdk } from "../rig/cdk.ts";
import { target, targets } from "../rig/targets.ts";
import { recordLarge, tagBodies } from "./bodies.ts";
import { resourcesOf } from "./resources.ts";
import { patience } from "./settings.ts";

const busName = "lifecycle-dev";
const cdk = new Cdk({ env: process.env, signal: new AbortController().signal });

/** One bus's life: its stacks are deployed, updated and destroyed. In order: each test goes on where the one before ended. */
describe("the stacks from their first deployment to their end", () => {
  let functions = "";
  const assemblies: Assembly[] = [];
  const { omit } = targets[target];
  const synth = async () => {
    const context = { bus: "lifecycle", functions, publishers: "123456789012=billing", omit: omit.join(",") };
    const assembly = await cdk.synth("bin/stacks.ts", context);
    assemblies.push(assembly);
    return assembly;
  };

  beforeAll(async () => {
    // In the project's folder, where the functions find `wagglebus`.
    await mkdir(join(root, ".waggle"), { recursive: true });
    functions = await mkdtemp(join(root, ".waggle", "lifecycle-"));
    const responder = join(root, "test", "aws", "e2e", "functions", "responder");
    await cp(responder, join(functions, "responder"), { recursive: true });
  });
  afterAll(async () => {
    const last = assemblies.at(-1);
    if (last !== undefined) await cdk.destroy(last).catch(() => {});
    for (const assembly of assemblies) await assembly.remove();
    await rm(functions, { recursive: true, force: true });
  });

  async function answerTo(n: number): Promise<unknown> {
    const bus = await connect({ engine: "aws", bus: busName, source: "lifecycle", logLevel: "silent" });
    try {
      const asked = await bus.publish({ type: "custom.e2e.asked", data: { n } });
      const where = { metadata: { correlationId: [asked.id] } };
      return (await bus.waitFor({ on: "custom.e2e.answered", where }, { since: new Date(0), timeout: patience })).data;
    } finally {
      await bus.close();
    }
  }

  test("deployed, a function answers; synthesized again, there is no difference", async () => {
    await cdk.deploy(await synth());
    expect(await answerTo(1)).toEqual({ asked: { n: 1 } });
    const again = await synth();
    for (const stack of ["bus", "subscribers", "monitoring"].map((word) => `${busName}-${word}`)) {
      expect(await cdk.diff(again, stack)).toContain("There were no differences");
    }
  });

  test("updated, the function answers by its new code, and what was recorded is still there", async () => {
    const handler = [
      'import type { Handler } from "wagglebus";',
      "const responder: Handler = async (event, { bus }) => {",
      '  await bus.publish({ type: "custom.e2e.answered", data: { updated: true } }, { dedupe: "answer" });',
      "};",
      "export default responder;",
    ];
    await writeFile(join(functions, "responder", "handler.ts"), `${handler.join("\n")}\n`);
    await cdk.deploy(await synth());
    expect(await answerTo(2)).toEqual({ updated: true });
    const bus = await connect({ engine: "aws", bus: busName, source: "lifecycle", logLevel: "silent" });
    // An answer may be recorded before what it answers.
    const asked = await eventually(
      "both questions are recorded",
      async () => {
        const { events } = await bus.history.query({ type: "custom.e2e.asked" });
        return events.length >= 2 && events;
      },
      patience,
      200,
    );
    expect(asked.map(({ data }) => data)).toEqual([{ n: 2 }, { n: 1 }]);
    await bus.close();
  });

  // A bucket with something in it is left where it cannot empty itself.
  test.skipIf(omit.includes("auto-delete"))("an event too large for a row is kept in the bucket", async () => {
    const bus = await connect({ engine: "aws", bus: busName, source: "lifecycle", logLevel: "silent" });
    await recordLarge(bus, busName).finally(() => bus.close());
  });

  test("without its folder a subscriber is gone", async () => {
    await rm(join(functions, "responder"), { recursive: true });
    await cdk.deploy(await synth());
    const bus = await connect({ engine: "aws", bus: busName, source: "lifecycle", logLevel: "silent" });
    expect(await bus.subscriptions.list()).toEqual([]);
    await bus.close();
  });

  test("destroyed in dev, nothing is left", async () => {
    expect(await resourcesOf(busName)).not.toEqual([]);
    const last = assemblies.at(-1);
    if (last === undefined) throw new Error("nothing was deployed");
    // Its CloudFormation does not: see its limits.
    if (target === "ministack") await tagBodies(busName);
    await cdk.destroy(last);
    expect(await resourcesOf(busName)).toEqual([]);
    await expect(connect({ engine: "aws", bus: busName })).rejects.toMatchObject({ code: "not_found" });
  });
});
