import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, describe, expect, test } from "vitest";
import { functionsRunHere, target, targets } from "../rig/targets.ts";
import type { Limit } from "./limit.ts";
import { localstackLimits } from "./localstack.ts";
import { ministackLimits } from "./ministack.ts";
import { limitsOfBoth } from "./of-both.ts";

const lists: Readonly<Record<typeof target, readonly Limit[]>> = {
  ministack: [...limitsOfBoth, ...ministackLimits],
  localstack: [...limitsOfBoth, ...localstackLimits],
  account: [],
};

// They are those of the releases that the runner starts. In an account all of it works; in another release some of it may.
describe.runIf(functionsRunHere)(`what ${target} does not do, and what is done instead`, () => {
  const clients = {
    events: new EventBridgeClient(),
    sqs: new SQSClient(),
    dynamo: new DynamoDBClient(),
    s3: new S3Client({ forcePathStyle: true }),
  };
  afterAll(() => {
    for (const client of Object.values(clients)) client.destroy();
  });

  for (const { title, instead, works } of lists[target]) {
    test(title, async () => {
      const message = `it works now: ${target} has gone on. Take it off the list; what was done instead: ${instead}`;
      expect(await works(clients), message).toBe(false);
    });
  }

  test("is the whole list", () => {
    expect(lists[target].map(({ title }) => title)).toHaveLength({ ministack: 10, localstack: 8, account: 0 }[target]);
  });

  test("has what the stacks leave out, and nothing else is left out", () => {
    expect(lists[target].flatMap(({ omit = [] }) => omit).toSorted()).toEqual(targets[target].omit.toSorted());
  });
});
