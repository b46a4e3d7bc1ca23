import { createHash } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import * as z from "zod";
import type { DeadLetter } from "../../../../lib/engine/delivery.ts";
import { toBusErrorOfAws } from "../../../../lib/engines/aws/aws-error.ts";
import { createClients } from "../../../../lib/engines/aws/clients.ts";
import { AwsDeliveryQueue } from "../../../../lib/engines/aws/delivery-queue.ts";
import type { DeliveryTable, HistoryTable } from "../../../../lib/engines/aws/dependencies.ts";
import { EphemeralSubscriptions } from "../../../../lib/engines/aws/ephemeral/subscriptions.ts";
import { RecentlySeenEvents } from "../../../../lib/engines/aws/recently-seen-events.ts";
import { DeployedSubscriptions } from "../../../../lib/engines/aws/subscriptions/deployed.ts";
import { BusError } from "../../../../lib/error/bus-error.ts";
import { createCatalog } from "../../../../lib/event/catalog.ts";
import { markReplay } from "../../../../lib/replay/replay-mark.ts";
import { jsonLogger } from "../../../../lib/runtime/logger.ts";
import { ManualClock } from "../../../../lib/testing/manual-clock.ts";
import { aBusConfig } from "../../../support/a-bus-config.ts";
import { aRecord } from "../../../support/a-record.ts";
import { anEvent } from "../../../support/an-event.ts";
import { ServiceError, startJsonStub } from "../../../support/json-stub.ts";

const config = aBusConfig();
const closing: (() => Promise<void> | void)[] = [];
const sentBatch = z.object({ Entries: z.array(z.object({ MessageBody: z.string(), MessageAttributes: z.unknown() })) });
const body = z.object({ id: z.string() });

beforeEach(() => {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const close of closing.splice(0)) await close();
});

/** A delivery queue of a bus with the deployed subscription `readers`; notes what happens, in order. */
async function setUp(
  revive: DeliveryTable["revive"] = async () => "revived",
  ended: DeliveryTable["ended"] = async () => expect.unreachable(),
  flow: HistoryTable["flow"] = async () => expect.unreachable(),
) {
  const happened: string[] = [];
  const attributes: unknown[] = [];
  const deadLetters = new Map<string, DeadLetter>();
  const clock = new ManualClock();
  let refusals = 0;
  const stub: { url: string; close(): Promise<void> } = await startJsonStub({
    GetParameter: ({ Name }) => {
      happened.push(`ask for ${String(Name).split("/").at(-1)}`);
      if (Name !== "/waggle/agents/subscriptions/readers") throw new ServiceError("ParameterNotFound");
      const record = aRecord({ name: "readers" });
      const deployed = { schema: 1, record, queueUrl: `${stub.url}/readers`, fifo: false, consumer: "function" };
      return { Parameter: { Value: JSON.stringify(deployed) } };
    },
    GetParametersByPath: () => {
      const deployed = { schema: 1, queueUrl: `${stub.url}/readers`, fifo: false, consumer: "function" };
      const records = [aRecord({ name: "readers", on: ["custom.read"] }), aRecord({ name: "all", on: ["*"] })];
      return {
        Parameters: records.map((record) => ({ Name: record.name, Value: JSON.stringify({ ...deployed, record }) })),
      };
    },
    SendMessageBatch: (input) => {
      if (refusals > 0) {
        refusals -= 1;
        throw new ServiceError("AccessDenied");
      }
      const { Entries } = sentBatch.parse(input);
      for (const { MessageBody, MessageAttributes } of Entries) {
        happened.push(`send ${body.parse(JSON.parse(MessageBody)).id}`);
        attributes.push(MessageAttributes);
      }
      return {
        Successful: Entries.map(({ MessageBody }, index) => ({
          Id: String(index),
          MD5OfMessageBody: createHash("md5").update(MessageBody).digest("hex"),
        })),
      };
    },
  });
  const clients = createClients({ region: "us-east-1", endpoint: stub.url });
  closing.push(() => clients.destroy(), stub.close);
  const never = () => expect.unreachable();
  const ephemeral = new EphemeralSubscriptions({
    catalog: createCatalog([], { open: true }),
    clock,
    nextId: never,
    onError: never,
    deadLetters: { put: never },
    log: { position: async () => "0" },
    reader: { after: async function* () {} },
  });
  const closes = new AbortController();
  const queue = new AwsDeliveryQueue({
    catalog: createCatalog([], { open: true }),
    clients,
    clock,
    random: () => 0,
    leaseMs: 1_000,
    logger: jsonLogger(never, "silent"),
    onError: never,
    deliveries: {
      claim: never,
      renew: never,
      settle: never,
      ended,
      giveUp: never,
      revive: async (subscription, event) => {
        happened.push(`revive ${event.id}`);
        return revive(subscription, event);
      },
    },
    deadLetters: { get: async (id) => deadLetters.get(id) },
    subscriptions: { consumed: () => undefined },
    history: { flow },
    deployed: new DeployedSubscriptions({ clients, clock, config }),
    ephemeral,
    recentlySeen: new RecentlySeenEvents(),
    closing: closes.signal,
  });
  const refuseOnce = () => {
    refusals += 1;
  };
  return { queue, happened, attributes, deadLetters, clock, ephemeral, closes, refuseOnce };
}

const replayed = (id: string) => markReplay(anEvent({ id }), "r1");

test("a replay asks once for its subscription, and sends each page marked", async () => {
  const { queue, happened, attributes, clock } = await setUp();
  await queue.enqueue("readers", [replayed("a"), replayed("b")], { replayId: "r1" });
  await queue.enqueue("readers", [replayed("c")], { replayId: "r1" });
  expect(happened).toEqual(["ask for readers", "send a", "send b", "send c"]);
  expect(attributes[2]).toEqual({ "waggle-replay": { DataType: "String", StringValue: "r1" } });
  await clock.advance("31s");
  await queue.enqueue("readers", [replayed("d")], { replayId: "r1" });
  expect(happened.slice(4)).toEqual(["ask for readers", "send d"]);
});

test("a redriven delivery is revived before its message is sent, so that a crash in between loses nothing", async () => {
  const { queue, happened, refuseOnce } = await setUp();
  refuseOnce();
  const event = anEvent({ id: "a" });
  await expect(queue.enqueue("readers", [event], { redrivenFrom: "d1" })).rejects.toMatchObject({
    code: "unavailable",
  });
  await queue.enqueue("readers", [event], { redrivenFrom: "d1" });
  expect(happened).toEqual(["ask for readers", "revive a", "revive a", "send a"]);
});

test("a redrive is refused while the delivery is under way, and sends nothing where it has succeeded", async () => {
  const underWay = await setUp(async () => "underWay");
  await expect(underWay.queue.enqueue("readers", [anEvent({ id: "a" })], { redrivenFrom: "d1" })).rejects.toMatchObject(
    {
      code: "conflict",
      message: "event a is on its way to readers already; wait until it has ended",
    },
  );
  const succeeded = await setUp(async () => "succeeded");
  await succeeded.queue.enqueue("readers", [anEvent({ id: "a" })], { redrivenFrom: "d1" });
  for (const { happened } of [underWay, succeeded]) expect(happened).toEqual(["ask for readers", "revive a"]);
});

test("the redrive of a replayed delivery keeps its replay; what a replayed handler published is none", async () => {
  const { queue, attributes, deadLetters } = await setUp();
  const aDeadLetter = (id: string): DeadLetter => ({
    id,
    subscription: "readers",
    event: replayed("a"),
    reason: { code: "handler_error", message: "no", at: "2026-01-01T00:00:00.000Z", attempt: 1 },
    attempts: 1,
    failures: [],
    acceptedAt: "2026-01-01T00:00:00.000Z",
    deadAt: "2026-01-01T00:00:00.000Z",
  });
  deadLetters.set("replay", { ...aDeadLetter("replay"), replayId: "r1" });
  deadLetters.set("published", aDeadLetter("published"));
  for (const id of ["replay", "published"]) await queue.enqueue("readers", [replayed("a")], { redrivenFrom: id });
  const text = (StringValue: string) => ({ DataType: "String", StringValue });
  expect(attributes).toEqual([
    { "waggle-replay": text("r1"), "waggle-redriven": text("replay") },
    { "waggle-redriven": text("published") },
  ]);
});

test("events for a subscription of this process are queued here, and nobody is asked", async () => {
  const { queue, happened, ephemeral } = await setUp();
  await ephemeral.add(aRecord({ name: "unnamed-1" }));
  await queue.enqueue("unnamed-1", [replayed("a"), replayed("b")], { replayId: "r1" });
  await queue.enqueue("unnamed-1", [anEvent({ id: "c" })], { redrivenFrom: "d1" });
  expect(ephemeral.state("unnamed-1")?.waiting).toBe(3);
  expect(happened).toEqual([]);
});

test("what is not deployed is not found; a closed engine takes nothing", async () => {
  const { queue, happened, closes } = await setUp();
  await expect(queue.enqueue("other", [replayed("a")], { replayId: "r1" })).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("no subscription other"),
  });
  closes.abort();
  await expect(queue.enqueue("readers", [replayed("a")], { replayId: "r1" })).rejects.toMatchObject({ code: "closed" });
  expect(happened).toEqual(["ask for other"]);
});

const read = anEvent({ id: "a", type: "custom.read" });
const other = anEvent({ id: "b", type: "custom.other" });
const flow: HistoryTable["flow"] = async () => [read, other].map((event) => ({ event, acceptedAt: 0 }));

test("how a flow's deliveries ended is asked of the subscriptions that want its events", async () => {
  const asked: string[] = [];
  const { queue } = await setUp(
    undefined,
    async (deliveries) => {
      for (const { event, subscription } of deliveries) asked.push(`${event.id} ${subscription}`);
      return [];
    },
    flow,
  );
  expect(await queue.ended("flow")).toEqual([]);
  expect(asked.sort()).toEqual(["a all", "a readers", "b all"]);
});

test("it is not known to a role that may not read the deliveries table; any other failure is told", async () => {
  const failing = (thrown: BusError) => setUp(undefined, () => Promise.reject(thrown), flow);
  const denied = Object.assign(new Error("no"), { name: "AccessDeniedException" });
  expect(await (await failing(toBusErrorOfAws(denied, "table"))).queue.ended("flow")).toBeUndefined();
  const { queue } = await failing(new BusError("throttled", "too much"));
  await expect(queue.ended("flow")).rejects.toMatchObject({ code: "throttled" });
});
