import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { ContractAdapter, ContractFeature, Environment } from "../../../lib/engine/contract/adapter.ts";
import { forkWorker } from "../../../lib/engine/contract/fork-worker.ts";
import { connect } from "../../../lib/index.ts";
import { target } from "../rig/targets.ts";
import { clearQueues } from "./clear-queues.ts";
import { dynamoRecorder } from "./dynamo-recorder.ts";
import { keepsKeysTogether, leftOut } from "./left-out.ts";
import { quiet } from "./quiet.ts";
import { buses, lease, recorderTable, timeScale } from "./settings.ts";

const worker = new URL("./worker.ts", import.meta.url);

const lackedByAll: readonly ContractFeature[] = [
  "erase",
  "ordered-publish",
  "priority",
  "backpressure",
  "settled",
  "all-outcomes",
  "pause",
  "rates",
  "transfer",
  "runtime-subscriptions",
  "visible-unnamed",
  "known-ids",
  "ownership",
  "queue-age",
  ...(target === "localstack" ? (["ordered-backlog"] as const) : []),
];

/** Lacked, but not always seen to be: it is a race. The limits of LocalStack have the one behind `ordered-backlog`. */
const unproven: readonly ContractFeature[] = ["ordered-publish", "ordered-backlog"];

/** Deployed, and consumed by the processes that subscribe. */
export const polledAdapter: ContractAdapter = {
  name: "aws, polled",
  lacks: [...lackedByAll, "shared-concurrency"],
  leftOut: leftOut("polled", target),
  unproven,
  timeScale,
  prepare: async () => {
    const environment = await deployedEnvironment(buses.polled);
    return { ...environment, startWorker: (names) => forkWorker(worker, [buses.polled, ...names]) };
  },
};

/** Deployed, and consumed by Lambda functions. */
export const functionsAdapter: ContractAdapter = {
  name: "aws, in functions",
  lacks: [
    ...lackedByAll,
    ...(target === "localstack" ? (["parallel-runs"] as const) : []),
    ...(keepsKeysTogether(target) ? (["keys-apart"] as const) : []),
    "local-consumers",
    "crash",
  ],
  leftOut: leftOut("functions", target),
  unproven,
  timeScale,
  prepare: () => deployedEnvironment(buses.functions),
};

async function deployedEnvironment(bus: string): Promise<Environment> {
  const sqs = new SQSClient();
  const dynamo = new DynamoDBClient();
  const observer = await connect({ engine: "aws", bus, source: "contract", logLevel: "silent" });
  return {
    recorder: dynamoRecorder(dynamo, recorderTable),
    connect: (options) => connect({ ...options, engine: "aws", bus, lease }),
    quiet: (activity) => quiet(activity, { bus, sqs, observer }),
    clear: () => clearQueues(sqs, bus),
    close: async () => {
      await observer.close();
      sqs.destroy();
      dynamo.destroy();
    },
  };
}
