import { BatchGetItemCommand } from "@aws-sdk/client-dynamodb";
import {
  type BusConfig,
  deliveriesTable,
  historyTable,
  parseBusArn,
  resourceNames,
} from "../../../aws-shared/index.ts";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import { systemClock } from "../../../runtime/clock.ts";
import { isRefused } from "../aws-error.ts";
import { createClients } from "../clients.ts";
import { concurrently } from "../concurrently.ts";
import type { Clients } from "../dependencies.ts";
import { findBus } from "../find-bus.ts";
import { DeployedSubscriptions } from "../subscriptions/deployed.ts";
import { checkAlarms } from "./check-alarms.ts";
import { beside, checkDrainedQueue, checkSubscriptionQueue } from "./check-queue.ts";
import { type AwsFinding, findingOfError } from "./finding.ts";

export type { AwsFinding } from "./finding.ts";

/** Queues that are asked at once. */
const askedAtOnce = 8;

/**
 * Looks at what was deployed of a bus: the bus, its tables, the queues of its subscriptions, its alarms. Changes nothing, and
 * reads with the rights of these credentials: what they may not do is a finding, with the grant that is missing. Of a bus of
 * another account nothing but the bus itself can be seen.
 */
export async function checkAwsBus(bus: string): Promise<AwsFinding[]> {
  if (parseBusArn(bus) !== undefined) return [];
  const clients = createClients();
  try {
    let config: BusConfig;
    try {
      config = await findBus(clients, bus);
    } catch (thrown) {
      return [notFound(bus, thrown)];
    }
    const region = await clients.events.config.region();
    const queues = await checkQueues(clients, config);
    return [
      { check: "bus", state: "ok", text: `${config.bus} in ${region}` },
      ...(await Promise.all([
        checkTable(clients, config.historyTable, historyTable),
        checkTable(clients, config.deliveriesTable, deliveriesTable),
      ])),
      ...queues,
      ...(await checkAlarms(config.bus)),
    ];
  } finally {
    clients.destroy();
  }
}

function notFound(bus: string, thrown: unknown): AwsFinding {
  const error = toBusError(thrown);
  const check = "bus";
  if (error.code === "invalid_config") {
    const fix = /Region/.test(error.message) ? "set AWS_REGION, or choose a profile (AWS_PROFILE)" : "correct the name";
    return { check, state: "failed", text: error.message, fix };
  }
  const cause = thrown instanceof BusError ? thrown.cause : thrown;
  if (isRefused(thrown)) return findingOfError(check, `bus ${bus}`, "ssm:GetParameter", cause);
  const fix =
    error.code === "not_found"
      ? "deploy its stacks, or correct --bus, AWS_REGION or the account (AWS_PROFILE)"
      : "check the network, AWS_REGION and AWS_ENDPOINT_URL";
  return { check, state: "failed", text: error.message, fix };
}

/** Reads a row that is not there, by what every reader of the bus may do; describing a table would need a right of its own. */
async function checkTable(
  { dynamo }: Pick<Clients, "dynamo">,
  table: string,
  keys: { readonly partitionKey: string; readonly sortKey?: string },
): Promise<AwsFinding> {
  const row = { S: "waggle-doctor" };
  const key = { [keys.partitionKey]: row, ...(keys.sortKey === undefined ? {} : { [keys.sortKey]: row }) };
  try {
    await dynamo.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: [key] } } }));
    return { check: "table", state: "ok", text: `${table} can be read` };
  } catch (thrown) {
    return findingOfError("table", `table ${table}`, "dynamodb:BatchGetItem", thrown);
  }
}

async function checkQueues(clients: Clients, config: BusConfig): Promise<AwsFinding[]> {
  const { bus, publisherDeadLetterQueueUrl: unpublished } = config;
  const own = [unpublished, beside(unpublished, resourceNames.historyDeadLetterQueue(bus))];
  const checks: (() => Promise<AwsFinding[]>)[] = own.map((url) => async () => [await checkDrainedQueue(clients, url)]);
  try {
    const deployed = await new DeployedSubscriptions({ clients, clock: systemClock, config }).all();
    for (const one of deployed) checks.push(() => checkSubscriptionQueue(clients, bus, one));
  } catch (thrown) {
    const cause = thrown instanceof BusError ? thrown.cause : thrown;
    checks.push(async () => [findingOfError("queue", "subscriptions", "ssm:GetParametersByPath", cause)]);
  }
  return (await concurrently(checks, askedAtOnce, (check) => check())).flat();
}
