import { expect, test } from "vitest";
import * as z from "zod";
import { functionVariables } from "../../../lib/aws-shared/index.ts";
import { createCatalog } from "../../../lib/event/catalog.ts";
import { defineEvent } from "../../../lib/event/definition.ts";
import { subscriberFunction } from "../../../lib/lambda/define-handler.ts";
import { systemClock } from "../../../lib/runtime/clock.ts";
import { subscriptionRecord } from "../../../lib/subscription/index.ts";
import { stubClients } from "../../support/stub-clients.ts";
import { config } from "./recorder-bench.ts";

const catalog = createCatalog([
  defineEvent("order.placed", {
    version: 1,
    description: "An order was placed.",
    data: z.looseObject({ orderId: z.string() }),
  }),
]);

/** What a function that handles a subscription logs at its first invocations, by level and message. */
async function firstInvocations(settings: { on: string | string[]; ordered?: string }) {
  const subscription = { name: "receipts", ...settings };
  const record = subscriptionRecord(subscription);
  const deployed = { schema: 1, record, queueUrl: "http://127.0.0.1/0/q", fifo: false, consumer: "function" };
  const clients = await stubClients({});
  const lines: string[] = [];
  const runtime = {
    env: {
      [functionVariables.bus]: JSON.stringify(config),
      [functionVariables.subscription]: JSON.stringify(deployed),
    },
    clock: systemClock,
    random: () => 0.5,
    clients: () => clients,
    write: (line: string) => lines.push(line),
  };
  const handler = subscriberFunction(subscription, () => {}, { catalog }, runtime);
  const context = { awsRequestId: "request-1", getRemainingTimeInMillis: () => 35_000 };
  for (const _ of [1, 2]) await handler({ Records: [] }, context);
  return lines.map((line) => z.looseObject({ level: z.string(), message: z.string() }).parse(JSON.parse(line)));
}

test("a name with * that matches no type of the function's catalog is warned of, once", async () => {
  expect(await firstInvocations({ on: ["order.placed", "ordr.*"] })).toMatchObject([
    {
      level: expect.stringMatching(/warn/i),
      message: 'ordr.* matches no type of the catalog; did you mean "order.*"?',
      subscription: "receipts",
    },
  ]);
  expect(await firstInvocations({ on: "order.*" })).toEqual([]);
});

test("ordered by a path that no definition of the function's catalog declares is refused, as subscribe does", async () => {
  await expect(firstInvocations({ on: "order.placed", ordered: "data.orderld" })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("subscription receipts: ordered: "),
    details: { field: "ordered" },
  });
});

test("a type that the function's catalog does not have is refused", async () => {
  await expect(firstInvocations({ on: "order.placd" })).rejects.toMatchObject({
    code: "unknown_type",
    message: expect.stringContaining('did you mean "order.placed"?'),
  });
});
