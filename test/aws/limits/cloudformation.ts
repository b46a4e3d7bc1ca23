import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Omittable } from "../../../lib/cdk/omit.ts";
import { messageOf } from "../../../lib/error/message-of.ts";
import { Cdk } from "../rig/cdk.ts";
import { cache } from "../rig/python.ts";
import type { Limit } from "./limit.ts";

/** A type of resource for which CloudFormation refuses the whole template. */
export function refusedType(type: string, omit: Omittable, properties: object): Limit {
  return {
    title: `${type} can be deployed`,
    instead: `the stacks leave it out: -c omit=${omit}; it is asserted on the template`,
    works: () => deploys(type, { Resources: { Refused: { Type: type, Properties: properties } } }),
  };
}

/** Whether a template can be deployed; only a failure that speaks of its type is one. */
async function deploys(type: string, template: object): Promise<boolean> {
  const name = `limit-${randomUUID().slice(0, 8)}`;
  const folder = join(cache, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), JSON.stringify(template));
  const properties = { templateFile: `${name}.json` };
  const stack = { type: "aws:cloudformation:stack", environment: "aws://000000000000/us-east-1", properties };
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ version: "36.0.0", artifacts: { [name]: stack } }));
  const assembly = { folder, remove: () => rm(folder, { recursive: true, force: true }) };
  const cdk = new Cdk({ env: process.env, signal: new AbortController().signal });
  try {
    await cdk.deploy(assembly);
    return true;
  } catch (thrown) {
    if (messageOf(thrown).includes(type)) return false;
    throw thrown;
  } finally {
    await cdk.destroy(assembly).catch(() => {});
    await assembly.remove();
  }
}
