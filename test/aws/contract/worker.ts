/** Polls subscriptions of the suite in a process of its own: `worker.ts <bus> <name>...` */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { connect } from "../../../lib/index.ts";
import { work } from "../../contract/adapters/work.ts";
import { dynamoProbe } from "./dynamo-probe.ts";
import { lease, probeTable, timeScale } from "./settings.ts";

const [name = "", ...names] = process.argv.slice(2);
const bus = await connect({ engine: "aws", bus: name, lease, source: "contract", logLevel: "silent" });
await work(bus, dynamoProbe(new DynamoDBClient(), probeTable), names, timeScale);
