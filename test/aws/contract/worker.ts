/** Polls subscriptions of the suite in a process of its own: `worker.ts <bus> <name>...` */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { consumeInWorker } from "../../../lib/engine/contract/consume-in-worker.ts";
import { connect } from "../../../lib/index.ts";
import { dynamoRecorder } from "./dynamo-recorder.ts";
import { lease, recorderTable, timeScale } from "./settings.ts";

const [name = "", ...names] = process.argv.slice(2);
const bus = await connect({ engine: "aws", bus: name, lease, source: "contract", logLevel: "silent" });
await consumeInWorker(bus, dynamoRecorder(new DynamoDBClient(), recorderTable), names, timeScale);
