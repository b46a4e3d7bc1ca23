import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterEach, expect, test } from "vitest";
import { Table } from "../../../../../lib/engines/aws/history/table.ts";
import { historyDependencies } from "../../../../support/history-table.ts";
import { ServiceError, startJsonStub } from "../../../../support/json-stub.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A table whose transactions are cancelled for these reasons, one after the other, and then are not; and how many came. */
async function aTable(...reasons: string[]) {
  const asked = { times: 0 };
  const stub = await startJsonStub({
    TransactWriteItems: () => {
      const Code = reasons[asked.times];
      asked.times += 1;
      if (Code === undefined) return {};
      throw new ServiceError("TransactionCanceledException", 400, {
        CancellationReasons: [{ Code }, { Code: "None" }],
      });
    },
  });
  const client = new DynamoDBClient({
    region: "us-east-1",
    endpoint: stub.url,
    credentials: { accessKeyId: "none", secretAccessKey: "none" },
  });
  ends.push(stub.close, () => client.destroy());
  return { table: new Table(historyDependencies(client, "history", { random: () => 0 })), asked };
}

const [first, other] = [
  { pk: "a", sk: "a" },
  { pk: "b", sk: "b" },
];

test("a transaction that was cancelled as its keys were busy comes again", async () => {
  const reasons = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
  const { table, asked } = await aTable(...reasons);
  expect(await table.putTogether(first, [other])).toBe(true);
  expect(asked.times).toBe(4);
});

test("one whose condition was not met does not, and one that is wrong is an error", async () => {
  const there = await aTable("ConditionalCheckFailed");
  expect(await there.table.putTogether(first, [other])).toBe(false);
  const wrong = await aTable("ValidationError");
  await expect(wrong.table.putTogether(first, [other])).rejects.toMatchObject({ code: "unavailable" });
  expect([there.asked.times, wrong.asked.times]).toEqual([1, 1]);
});
