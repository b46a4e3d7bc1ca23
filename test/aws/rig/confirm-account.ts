import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { DescribeEventBusCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import * as z from "zod";
import { BusError } from "../../../lib/error/bus-error.ts";
import type { Assembly } from "./cdk.ts";
import { say } from "./say.ts";

export interface Confirmation {
  readonly assemblies: readonly Assembly[];
  /** Whether it was given beforehand. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/**
 * Says which account and Region the credentials are for and what will be made there, and asks. Rejects unless the answer is
 * the account's number; asks nobody where there is no terminal.
 */
export async function confirmAccount({ assemblies, yes, signal }: Confirmation): Promise<void> {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  if (endpoint !== undefined && endpoint !== "") {
    throw new BusError(
      "invalid_config",
      `AWS_ENDPOINT_URL is ${endpoint}, which is no account: unset it, or use npm run test:localstack`,
    );
  }
  const { account, region } = await whoAndWhere();
  say(
    `account ${account}, Region ${region}. These stacks will be made, cost a few cents while they are there, and be deleted:`,
  );
  for (const { folder } of assemblies) for (const line of await stacksOf(folder)) say(`  ${line}`);
  if (yes) return;
  if (!process.stdin.isTTY) {
    throw new BusError(
      "invalid_config",
      "nobody can be asked here, as there is no terminal: give --yes to go on unasked",
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`aws tests: type ${account} to go on: `, { signal });
    if (answer.trim() !== account) throw new BusError("aborted", "nothing was made");
  } finally {
    terminal.close();
  }
}

async function whoAndWhere(): Promise<{ account: string; region: string }> {
  const events = new EventBridgeClient();
  try {
    // Costs nothing, changes nothing, and its ARN says both.
    const { Arn = "" } = await events.send(new DescribeEventBusCommand({}));
    const [, , , region = "", account = ""] = Arn.split(":");
    return { account, region };
  } finally {
    events.destroy();
  }
}

const template = z.object({ Resources: z.record(z.string(), z.object({ Type: z.string() })) });

/** Each stack with its resources, counted by service. */
async function stacksOf(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".template.json")).sort();
  return Promise.all(
    files.map(async (file) => {
      const { Resources } = template.parse(JSON.parse(await readFile(join(folder, file), "utf8")));
      const counts = new Map<string, number>();
      for (const { Type } of Object.values(Resources)) {
        const service = Type.split("::")[1] ?? Type;
        counts.set(service, (counts.get(service) ?? 0) + 1);
      }
      const list = [...counts].map(([service, count]) => `${count} ${service}`).join(", ");
      return `${file.replace(".template.json", "")}: ${list}`;
    }),
  );
}
