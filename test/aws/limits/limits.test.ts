import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, test } from "vitest";
import { target } from "../rig/targets.ts";
import type { Limit } from "./limit.ts";
import { localstackLimits } from "./localstack.ts";
import { ministackLimits } from "./ministack.ts";
import { limitsOfBoth } from "./of-both.ts";

/** In an account all of it works. */
const limits: Readonly<Record<typeof target, readonly Limit[]>> = {
  ministack: [...limitsOfBoth, ...ministackLimits],
  localstack: [...limitsOfBoth, ...localstackLimits],
  account: [],
};

describe(`what ${target} does not do, and what is done instead`, () => {
  const clients = { events: new EventBridgeClient(), sqs: new SQSClient(), dynamo: new DynamoDBClient() };
  afterAll(() => {
    for (const client of Object.values(clients)) client.destroy();
  });

  for (const { title, instead, works } of limits[target]) {
    test(title, async () => {
      const message = `it works now: ${target} has gone on. Take it off the list; what was done instead: ${instead}`;
      expect(await works(clients), message).toBe(false);
    });
  }

  test("is the whole list", () => {
    expect(limits[target].map(({ title }) => title)).toHaveLength({ ministack: 8, localstack: 6, account: 0 }[target]);
  });
});
