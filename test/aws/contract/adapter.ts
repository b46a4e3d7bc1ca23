import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { connect } from "../../../lib/index.ts";
import type { Adapter, ContractFeature, Ground } from "../../contract/adapter.ts";
import { forkWorker } from "../../contract/adapters/fork-worker.ts";
import { target } from "../rig/targets.ts";
import { clearQueues } from "./clear-queues.ts";
import { dynamoProbe } from "./dynamo-probe.ts";
import { keepsKeysTogether } from "./left-out.ts";
import { quiet } from "./quiet.ts";
import { buses, lease, probeTable, timeScale } from "./settings.ts";

const worker = new URL("./worker.ts", import.meta.url);

const lackedByAll: readonly ContractFeature[] = [
  "ordered-publish",
  "priority",
  "backpressure",
  "delay",
  "settled",
  "runtime-subscriptions",
  "visible-unnamed",
  "known-ids",
  "ownership",
  "queue-age",
  ...(keepsKeysTogether(target) ? (["keys-apart"] as const) : []),
  ...(target === "localstack" ? (["ordered-backlog"] as const) : []),
];

/** Lacked, but not always seen to be: it is a race. The limits of LocalStack have the one behind `ordered-backlog`. */
const unproven: ReadonlySet<ContractFeature> = new Set(["ordered-publish", "ordered-backlog"]);

/** Deployed, and consumed by the processes that subscribe. */
export const polledAdapter: Adapter = {
  name: "aws, polled",
  lacks: new Set([...lackedByAll, "shared-concurrency"]),
  unproven,
  timeScale,
  prepare: async () => {
    const ground = await deployedGround(buses.polled);
    return { ...ground, startWorker: (names) => forkWorker(worker, [buses.polled, ...names]) };
  },
};

/** Deployed, and consumed by Lambda functions. */
export const functionsAdapter: Adapter = {
  name: "aws, in functions",
  lacks: new Set([
    ...lackedByAll,
    ...(target === "localstack" ? (["parallel-runs"] as const) : []),
    "local-consumers",
    "crash",
  ]),
  unproven,
  timeScale,
  prepare: () => deployedGround(buses.functions),
};

async function deployedGround(bus: string): Promise<Ground> {
  const sqs = new SQSClient();
  const dynamo = new DynamoDBClient();
  const observer = await connect({ engine: "aws", bus, source: "contract", logLevel: "silent" });
  return {
    probe: dynamoProbe(dynamo, probeTable),
    connect: (options) => connect({ ...options, engine: "aws", bus, lease }),
    quiet: (doings) => quiet(doings, { bus, sqs, observer }),
    clear: () => clearQueues(sqs, bus),
    close: async () => {
      await observer.close();
      sqs.destroy();
      dynamo.destroy();
    },
  };
}
