import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { createBus } from "../../lib/bus/create-bus.ts";
import type { StandardEvents } from "../../lib/catalog/index.ts";
import { standardCatalog } from "../../lib/catalog/index.ts";
import { clientSettings, createClients } from "../../lib/engines/aws/clients.ts";
import { createAwsEngine } from "../../lib/engines/aws/index.ts";
import { createIds } from "../../lib/event/id.ts";
import { formatTime } from "../../lib/event/time.ts";
import { systemClock } from "../../lib/runtime/clock.ts";
import { Counters } from "../../lib/runtime/metrics.ts";

/** One way to bring so many events to the bus; resolves when the last is there. */
export type Contender = (events: number) => Promise<void>;

/** Publishes awaited at once by Waggle's callers: each is a call of its own, as services make them. */
const callers = 1_000;
/** Requests under way at once, of all contenders alike: what the publisher allows itself. */
const requests = 32;
/** What an entry has besides `text`: 250 bytes with ids and metadata. */
const ownBytes = 250;

/** Data that make an entry of so many bytes; 250 and less is `{ taskId, result: { ok } }` alone. */
function dataFor(bytes: number): Data {
  const text = "The order was checked against the stock list. "
    .repeat(bytes / 46 + 1)
    .slice(0, Math.max(0, bytes - ownBytes));
  const more = text === "" ? {} : { text };
  return (index) => ({ taskId: `task-${index}`, result: { ok: true, ...more } });
}

type Data = (index: number) => { taskId: string; result: { ok: boolean; text?: string } };

/** All of the client's path: draft, validation, id, flow, batch, answer. */
async function waggle(dataOf: Data): Promise<Contender> {
  const parts = {
    catalog: standardCatalog,
    clock: systemClock,
    random: Math.random,
    nextId,
    logger: { debug: () => {}, info: () => {}, warn: console.warn, error: console.error },
    onError: console.error,
  };
  const engine = createAwsEngine({
    ...parts,
    config: {
      schema: 1,
      bus: "agents",
      historyTable: "agents-history",
      deliveriesTable: "agents-deliveries",
      publisherDeadLetterQueueUrl: `${process.env.AWS_ENDPOINT_URL}/000000000000/agents-unpublished`,
      bodiesBucket: "bodies",
      retentionMs: 86_400_000,
      maxRequestBytes: 1_048_576,
    },
  });
  const bus = createBus<StandardEvents>({
    ...parts,
    engine,
    source: "bench",
    counters: new Counters(),
    use: [],
    graceMs: 10_000,
  });
  return (events) => concurrently(callers, events, (index) => bus.emit.task.completed(dataOf(index)));
}

/** The SDK's client, with the same time-outs, attempts and connections as Waggle's. */
const plainClient = () => new EventBridgeClient(clientSettings("events"));
/** Waggle's own, which puts the steps of a request together once. */
const waggleClient = () => createClients().events;

/**
 * The same events by the SDK alone: nothing is checked, and batches are given. In waves, as that is what costs the SDK least:
 * the answers of a wave come together, where 32 loops that each await their own take half as much processor time again.
 */
function batched(connect: () => EventBridgeClient): (dataOf: Data) => Promise<Contender> {
  return async (dataOf) => inWaves(connect(), dataOf);
}

function inWaves(client: EventBridgeClient, dataOf: Data): Contender {
  const put = async (from: number, to: number) => {
    const Entries = Array.from({ length: to - from }, (_, more) => entryOf(from + more, dataOf));
    const { FailedEntryCount } = await client.send(new PutEventsCommand({ Entries }));
    if (FailedEntryCount !== 0) throw new Error("the stub refused an entry");
  };
  return async (events) => {
    for (let from = 0; from < events; from += requests * 10) {
      const starts = Array.from({ length: requests }, (_, batch) => from + batch * 10).filter(
        (start) => start < events,
      );
      await Promise.all(starts.map((start) => put(start, Math.min(start + 10, events))));
    }
  };
}

/** One event a call: awaited one by one, or so many calls at once. */
function single(calls: number): (dataOf: Data) => Promise<Contender> {
  return async (dataOf) => {
    const client = plainClient();
    return (events) =>
      concurrently(calls, events, (index) => client.send(new PutEventsCommand({ Entries: [entryOf(index, dataOf)] })));
  };
}

/** Ids and times by the cheapest means there are here, Waggle's own: the limit is to be the SDK's. */
const nextId = createIds({ now: Date.now });

function entryOf(index: number, dataOf: Data) {
  const id = nextId();
  const now = Date.now();
  return {
    EventBusName: "agents",
    Source: "bench",
    DetailType: "task.completed",
    Time: new Date(now),
    Detail: JSON.stringify({
      id,
      time: formatTime(now),
      data: dataOf(index),
      metadata: { version: 1, correlationId: id, priority: 5 },
    }),
  };
}

/** Calls for each index, so many at a time: each caller waits for its own. */
async function concurrently(callers: number, count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      await call(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(callers, count) }, caller));
}

const setups = {
  waggle,
  batched: batched(plainClient),
  "batched, own": batched(waggleClient),
  "one by one": single(1),
  "one a call": single(requests),
};

/** What is made for events of so many bytes. */
export const contenders: Readonly<Record<string, (bytes: number) => Promise<Contender>>> = Object.fromEntries(
  Object.entries(setups).map(([name, setup]) => [name, (bytes: number) => setup(dataFor(bytes))]),
);
