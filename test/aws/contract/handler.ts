/** The Lambda function of every subscription of the contract suite. */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { scriptedHandler } from "../../../lib/engine/contract/scripted-handler.ts";
import { isSubscriptionName, subscriptionOf } from "../../../lib/engine/contract/subscriptions.ts";
import { catalog } from "../../../lib/engine/contract/versioned.ts";
import { defineHandler } from "../../../lib/lambda/index.ts";
import { dynamoRecorder } from "./dynamo-recorder.ts";
import { forFunctions, recorderTable, subscriptionVariable, timeScale } from "./settings.ts";

const name = process.env[subscriptionVariable] ?? "";
if (!isSubscriptionName(name)) throw new Error(`${subscriptionVariable} is ${name}, which the suite has not got`);

export const handler = defineHandler(
  forFunctions(subscriptionOf(name, timeScale)),
  scriptedHandler(dynamoRecorder(new DynamoDBClient(), recorderTable)),
  { catalog, source: "contract" },
);
