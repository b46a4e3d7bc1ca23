import { randomUUID } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Omittable } from "../../../lib/cdk/omit.ts";
import { messageOf } from "../../../lib/error/message-of.ts";
import { Cdk } from "../rig/cdk.ts";
import { cache } from "../rig/python.ts";
import type { Limit } from "./limit.ts";

/** A type of resource for which CloudFormation refuses the whole template; `what` where it is not all of that type. */
export function refusedType(type: string, omit: Omittable, properties: object, what = type): Limit {
  return {
    title: `${what} can be deployed`,
    instead: `the stacks leave it out: -c omit=${omit}; it is asserted on the template`,
    omit,
    works: () => deploys(type, { Refused: { Type: type, Properties: properties } }),
  };
}

/** A resource that works by a function, which CloudFormation calls and which answers it. */
export function refusedCustom(type: string, omit: Omittable): Limit {
  const code = `exports.handler = ({ ResponseURL, StackId, RequestId, LogicalResourceId }) => {
    const answer = { Status: "SUCCESS", PhysicalResourceId: "limit", StackId, RequestId, LogicalResourceId };
    return fetch(ResponseURL, { method: "PUT", body: JSON.stringify(answer) }).then(() => {});
  };`;
  const Answers = {
    Type: "AWS::Lambda::Function",
    Properties: {
      Runtime: "nodejs24.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/limit",
      Code: { ZipFile: code },
    },
  };
  const ServiceToken = { "Fn::GetAtt": ["Answers", "Arn"] };
  // Where it is called and no answer comes, that is refused too, soon.
  const Custom = { Type: type, Properties: { ServiceToken, ServiceTimeout: 30 } };
  return { ...refusedType(type, omit, {}), works: () => deploys(type, { Answers, Custom }) };
}

/** Whether a template's resources can be deployed; only a failure that speaks of its type is one. */
async function deploys(type: string, resources: object): Promise<boolean> {
  try {
    return await whileDeployed(resources, async () => true);
  } catch (thrown) {
    if (messageOf(thrown).includes(type)) return false;
    throw thrown;
  }
}

/** Deploys a template's resources, does something meanwhile, and destroys them. */
export async function whileDeployed<Result>(resources: object, work: () => Promise<Result>): Promise<Result> {
  const name = `limit-${randomUUID().slice(0, 8)}`;
  const folder = join(cache, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.json`), JSON.stringify({ Resources: resources }));
  const properties = { templateFile: `${name}.json` };
  const stack = { type: "aws:cloudformation:stack", environment: "aws://000000000000/us-east-1", properties };
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ version: "36.0.0", artifacts: { [name]: stack } }));
  const assembly = { folder, remove: () => rm(folder, { recursive: true, force: true }) };
  const cdk = new Cdk({ env: process.env, signal: new AbortController().signal });
  try {
    await cdk.deploy(assembly);
    return await work();
  } finally {
    await cdk.destroy(assembly).catch(() => {});
    await assembly.remove();
  }
}
