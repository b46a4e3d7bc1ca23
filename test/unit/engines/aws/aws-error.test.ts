import { GetItemCommand } from "@aws-sdk/client-dynamodb";
import { expect, test } from "vitest";
import { isAwsError, toBusErrorOfAws } from "../../../../lib/engines/aws/aws-error.ts";
import { BusError } from "../../../../lib/error/bus-error.ts";
import { describeDynamo, startOwnDynamo } from "../../../support/dynamo.ts";

const thrown = (name: string, more: object = {}) => Object.assign(new Error("said so"), { name, ...more });
const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

test.each([
  ["throttled", true, thrown("ProvisionedThroughputExceededException", status(400))],
  ["throttled", true, thrown("Unheard", { $retryable: { throttling: true } })],
  ["throttled", true, thrown("Unheard", status(429))],
  // Of an encrypted queue, and of one with more messages under way than SQS lets be.
  ["throttled", true, thrown("KmsThrottled", status(400))],
  ["throttled", true, thrown("OverLimit", status(403))],
  ["not_found", false, thrown("QueueDoesNotExist", status(400))],
  ["unavailable", false, thrown("AccessDeniedException", status(400))],
  ["unavailable", false, thrown("CredentialsProviderError")],
  ["unavailable", false, thrown("KmsAccessDenied", status(400))],
  ["unavailable", false, thrown("ValidationException", status(400))],
  ["unavailable", true, thrown("InternalServerError", status(500))],
  ["unavailable", true, thrown("RequestTimeout", status(408))],
  ["unavailable", true, thrown("TimeoutError")],
  ["unavailable", true, "what is no error"],
] as const)("%s, retryable %s: %s", (code, retryable, cause) => {
  const error = toBusErrorOfAws(cause, "table x");
  expect(error).toMatchObject({ code, retryable, cause, message: expect.stringMatching(/^table x: /) });
});

test("who may not use a queue's key hears that it is refused", () => {
  expect(toBusErrorOfAws(thrown("KmsAccessDenied", status(400)), "queue x").message).toContain("AWS refuses access");
});

test("a BusError passes unchanged", () => {
  const error = new BusError("closed", "closed");
  expect(toBusErrorOfAws(error, "table x")).toBe(error);
});

test("names are those of errors", () => {
  expect(isAwsError(thrown("A"), "A")).toBe(true);
  expect(isAwsError(thrown("A"), "B")).toBe(false);
  expect(isAwsError({ name: "A" }, "A")).toBe(false);
});

describeDynamo("what the client really throws", () => {
  test("a table that is missing, a request that is wrong, a server that is gone", async () => {
    const dynamo = await startOwnDynamo();
    const client = dynamo.connect();
    const get = (TableName: string, Key = { pk: { S: "1" } }) =>
      client.send(new GetItemCommand({ TableName, Key })).then(
        () => expect.unreachable(),
        (error: unknown) => toBusErrorOfAws(error, `table ${TableName}`),
      );
    expect(await get("missing")).toMatchObject({
      code: "not_found",
      message: expect.stringContaining("table missing: it is not there"),
      details: { awsError: "ResourceNotFoundException", status: 400 },
    });
    expect(await get("!")).toMatchObject({ code: "unavailable", retryable: false });
    await dynamo.close();
    expect(await get("missing")).toMatchObject({ code: "unavailable", retryable: true });
  });
});
