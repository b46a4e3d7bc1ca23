import { expect, test } from "vitest";
import { AwsSubscriptionStore } from "../../../../lib/engines/aws/subscription-store.ts";
import { DeployedSubscriptions } from "../../../../lib/engines/aws/subscriptions/deployed.ts";
import { systemClock } from "../../../../lib/runtime/clock.ts";
import type { SubscriptionRecord } from "../../../../lib/subscription/subscription.ts";
import { aBusConfig } from "../../../support/a-bus-config.ts";
import { aRecord } from "../../../support/a-record.ts";
import { type Operations, ServiceError } from "../../../support/json-stub.ts";
import { stubClients } from "../../../support/stub-clients.ts";

const config = aBusConfig();
const records = Array.from({ length: 23 }, (_, n) => aRecord({ name: `s${String(n).padStart(2, "0")}` }));
/** This process has no subscriptions of its own. */
const none = { add: async () => {}, state: () => undefined, states: () => [], delete: () => false };

function parameter(record: SubscriptionRecord, consumer: "process" | "function") {
  const queueUrl = `http://127.0.0.1/agents-${record.name}`;
  return {
    Name: `/waggle/agents/subscriptions/${record.name}`,
    Value: JSON.stringify({ schema: 1, record, queueUrl, fifo: false, consumer }),
  };
}

/** SSM with 23 subscriptions, the last of them a function's; SQS where each queue has three messages. */
async function deployedStore(): Promise<AwsSubscriptionStore> {
  const all = records.map((record, index) => parameter(record, index === 22 ? "function" : "process"));
  const operations: Operations = {
    GetParametersByPath: ({ MaxResults, NextToken }) => {
      const from = Number(NextToken ?? 0);
      const to = from + Number(MaxResults);
      return { Parameters: all.slice(from, to), ...(to < all.length ? { NextToken: String(to) } : {}) };
    },
    GetParameter: ({ Name }) => {
      const found = all.find((one) => one.Name === Name);
      if (found === undefined) throw new ServiceError("ParameterNotFound");
      return { Parameter: found };
    },
    GetQueueAttributes: () => ({
      Attributes: {
        ApproximateNumberOfMessages: "3",
        ApproximateNumberOfMessagesNotVisible: "2",
        ApproximateNumberOfMessagesDelayed: "1",
      },
    }),
  };
  const clients = await stubClients(operations);
  const deployed = new DeployedSubscriptions({ clients, config, clock: systemClock });
  return new AwsSubscriptionStore({
    clients,
    config,
    deployed,
    deadLetters: { count: async () => 7 },
    ephemeral: none,
  });
}

test("all that is deployed is listed, page by page, with its depths and dead letters", async () => {
  const states = await (await deployedStore()).list();
  expect(states.map(({ record }) => record.name)).toEqual(records.map(({ name }) => name));
  expect(states[0]).toEqual({
    record: records[0],
    ephemeral: false,
    waiting: 3,
    delayed: 1,
    running: 2,
    oldestAgeMs: 0,
    deadLetters: 7,
  });
});

test("one is found by its name; one that is not deployed is not there, and cannot be deleted", async () => {
  const all = await deployedStore();
  expect((await all.get("s05"))?.record).toEqual(records[5]);
  expect(await all.get("other")).toBeUndefined();
  expect(await all.delete("other")).toBe(false);
});

test("a process consumes with its own settings, and hears which differ from the deployed", async () => {
  const all = await deployedStore();
  const record = aRecord({ name: "s05", attempts: 9, concurrency: 2 });
  expect(await all.put(record, { ephemeral: false })).toEqual({ created: false, changed: ["attempts", "concurrency"] });
  expect(all.consumed("s05")).toMatchObject({ record, deployed: { queueUrl: "http://127.0.0.1/agents-s05" } });
});

test.each([
  { record: aRecord({ name: "other" }), code: "not_found", says: /subscriptions\/other; add a QueueSubscriber/ },
  { record: aRecord({ name: "s22" }), code: "invalid_config", says: /consumed by its function/ },
  { record: aRecord({ name: "s05", on: ["task.*"] }), code: "invalid_config", says: /other settings for on;/ },
  {
    record: aRecord({ name: "s05", ordered: "data.key", idempotent: false, attempts: 1 }),
    code: "invalid_config",
    says: /other settings for ordered, idempotent;|other settings for idempotent, ordered;/,
  },
])("$record.name is refused where it cannot be consumed so", async ({ record, code, says }) => {
  const all = await deployedStore();
  await expect(all.put(record, { ephemeral: false })).rejects.toMatchObject({
    code,
    message: expect.stringMatching(says),
  });
  expect(all.consumed(record.name)).toBeUndefined();
});

test("a deployed one is deleted by a deployment", async () => {
  await expect((await deployedStore()).delete("s05")).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("and deploy"),
  });
});
