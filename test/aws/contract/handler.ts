/** The Lambda function of every subscription of the contract suite. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { defineHandler } from "../../../lib/lambda/index.ts";
import { scriptedHandler } from "../../contract/scripted-handler.ts";
import { isSubscriptionName, subscriptionOf } from "../../contract/subscriptions.ts";
import { catalog } from "../../contract/versioned.ts";
import { dynamoProbe } from "./dynamo-probe.ts";
import { probeTable, subscriptionVariable, timeScale } from "./settings.ts";

const name = process.env[subscriptionVariable] ?? "";
if (!isSubscriptionName(name)) throw new Error(`${subscriptionVariable} is ${name}, which the suite has not got`);

export const handler = defineHandler(
  subscriptionOf(name, timeScale),
  scriptedHandler(dynamoProbe(new DynamoDBClient(), probeTable)),
  { catalog, source: "contract" },
);
