import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { DescribeEventBusCommand, EventBridgeClient } from "@aws-sdk/client-eventbridge";
import * as z from "zod";
import { toBusErrorOfAws } from "../../../lib/engines/aws/aws-error.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import type { Assembly } from "./cdk.ts";
import { say } from "./say.ts";

/** An account's number, and a Region. */
export interface Account {
  readonly account: string;
  readonly region: string;
}

/** Which account and Region the credentials of this process are for. A BusError says what to set where there are none. */
export async function findAccount(): Promise<Account> {
  const { AWS_ENDPOINT_URL: endpoint } = process.env;
  if (endpoint !== undefined && endpoint !== "") {
    throw new BusError(
      "invalid_config",
      `AWS_ENDPOINT_URL is ${endpoint}, which is no account: unset it, or use npm run test:localstack`,
    );
  }
  const events = new EventBridgeClient();
  try {
    await events.config.region().catch((cause: unknown) => {
      throw new BusError("invalid_config", "no Region is set: set AWS_REGION, or AWS_PROFILE to a profile with one", {
        cause,
      });
    });
    // Costs nothing, changes nothing, and its ARN says both.
    const { Arn = "" } = await events.send(new DescribeEventBusCommand({}));
    const [, , , region = "", account = ""] = Arn.split(":");
    return { account, region };
  } catch (thrown) {
    throw toBusErrorOfAws(thrown, "the account");
  } finally {
    events.destroy();
  }
}

export interface Confirmation extends Account {
  readonly assemblies: readonly Assembly[];
  /** Whether it was given beforehand. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
  /** Where the answer comes from; default: stdin. */
  readonly input?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}

/**
 * Says which account and Region it is and what will be made there, and asks. Rejects unless the answer is the account's
 * number; asks nobody where there is no terminal.
 */
export async function confirmAccount(confirmation: Confirmation): Promise<void> {
  const { account, region, assemblies, yes, signal, input = process.stdin } = confirmation;
  say(
    `account ${account}, Region ${region}. These stacks will be made, cost a few cents while they are there, and be deleted:`,
  );
  for (const { folder } of assemblies) for (const line of await stacksOf(folder)) say(`  ${line}`);
  if (yes) return;
  if (input.isTTY !== true) {
    throw new BusError(
      "invalid_config",
      "nobody can be asked here, as there is no terminal: give --yes to go on unasked",
    );
  }
  const terminal = createInterface({ input, output: process.stderr });
  try {
    // At Ctrl-C and Ctrl-D the terminal closes, and the question stays without an answer.
    const closed = once(terminal, "close").then(() => "");
    const answer = await Promise.race([terminal.question(`aws tests: type ${account} to go on: `, { signal }), closed]);
    if (answer.trim() !== account) throw new BusError("aborted", `that is not ${account}: nothing was made`);
  } finally {
    terminal.close();
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
