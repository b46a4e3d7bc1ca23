import * as fc from "fast-check";
import { expect, test } from "vitest";
import { busReferenceProblem, configOfAddress, parseBusArn } from "../../../lib/aws-shared/index.ts";

const arn = "arn:aws:events:eu-west-1:123456789012:event-bus/agents";

test("an ARN tells account, Region and name, and by them the names of all that belongs to the bus", () => {
  const address = parseBusArn(arn) ?? expect.unreachable();
  expect(address).toEqual({ arn, partition: "aws", region: "eu-west-1", account: "123456789012", bus: "agents" });
  expect(configOfAddress(address)).toEqual({
    schema: 1,
    bus: "agents",
    busArn: arn,
    historyTable: "arn:aws:dynamodb:eu-west-1:123456789012:table/agents-history",
    deliveriesTable: "arn:aws:dynamodb:eu-west-1:123456789012:table/agents-deliveries",
    publisherDeadLetterQueueUrl: "https://sqs.eu-west-1.amazonaws.com/123456789012/agents-unpublished",
    bodiesBucket: "waggle-agents-bodies-123456789012-eu-west-1",
    retentionMs: expect.any(Number),
    maxRequestBytes: 1_048_576,
  });
});

test("in China the queue has another domain", () => {
  const address = parseBusArn("arn:aws-cn:events:cn-north-1:123456789012:event-bus/agents") ?? expect.unreachable();
  expect(configOfAddress(address)).toMatchObject({
    historyTable: "arn:aws-cn:dynamodb:cn-north-1:123456789012:table/agents-history",
    publisherDeadLetterQueueUrl: "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/agents-unpublished",
  });
});

test.each([
  ["agents", undefined],
  [arn, undefined],
  ["My_Bus", /must be 1 to 20 characters/],
  ["default", /must be another name than "default"/],
  [
    "arn:aws:events:eu-west-1:123456789012:event-bus/default",
    /is the ARN of "default"; the name in it must be another/,
  ],
  ["arn:aws:events:eu-west-1:123456789012:event-bus/My_Bus", /is the ARN of "My_Bus"; the name in it must be 1 to 20/],
  [
    "arn:aws:sqs:eu-west-1:123456789012:agents",
    /must be a name or arn:aws:events:<region>:<account>:event-bus\/<name>/,
  ],
  ["arn:aws:events:eu-west-1::event-bus/agents", /must be a name or arn:/],
])("a client's bus %s", (bus, problem) => {
  if (problem === undefined) expect(busReferenceProblem(bus)).toBeUndefined();
  else expect(busReferenceProblem(bus)).toMatch(problem);
});

test("no text that is not an ARN is taken for one", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parseBusArn(text)).toBeUndefined();
      expect(parseBusArn(`${text} ${arn}`)).toBeUndefined();
    }),
  );
});
