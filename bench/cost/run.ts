/**
 * Computes the cost of publishing and recording a million events, of queries and of waiting: EventBridge, SQS, Lambda and DynamoDB, with
 * full and with single batches, against a naive design. A DynamoDB emulator (Linux x64) counts the units.
 * `node bench/cost/run.ts [--json] [--events 6000]`
 */
import { parseArgs } from "node:util";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { HistoryQuery } from "../../lib/engine/queries.ts";
import { dynamoMissing, startDynamo } from "../../test/support/dynamo.ts";
import { historyTableInput } from "../../test/support/history-table.ts";
import { naivePriceOf, type Price, priceOf, type Recorded, record } from "./measure.ts";
import { assumed, prices } from "./prices.ts";
import { measureWaiting, waitingCases } from "./waiting.ts";
import { platform } from "./workload.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, events: { type: "string", default: "6000" } },
});
const events = Number(values.events);
const print = (line: string) => {
  if (!values.json) console.log(line);
};
const dollars = (value: number) => value.toFixed(2).padStart(8);
const columns = ({ eventBridge, sqs, lambda, dynamo, total }: Price) =>
  [eventBridge, sqs, lambda, dynamo, total].map(dollars).join("");

if (dynamoMissing !== undefined) {
  console.log(`not measured: ${dynamoMissing}`);
  process.exit(0);
}
const dynamo = await startDynamo();
const clients: DynamoDBClient[] = [];
try {
  print(`${events} events of a platform with ${JSON.stringify(platform)}`);
  print(`assumptions about the function: ${JSON.stringify(assumed)}`);
  print("\ndollars per million events, us-east-1");
  print("bytes  batch  EvBridge     SQS  Lambda  Dynamo   total   naive   ratio   write units (naive)");
  const rows = [];
  let queried: Recorded | undefined;
  for (const bytes of [300, 1_024, 4_096, 20_480]) {
    for (const batch of [10, 1]) {
      const recorded = await record(dynamo, { bytes, batch, events, client: client() });
      if (bytes === 1_024 && batch === 10) queried = recorded;
      const price = priceOf({ batch, ...recorded });
      const naive = naivePriceOf(recorded.bytes);
      const ratio = price.total / naive.total;
      const writtenFor = Object.fromEntries(recorded.by);
      rows.push({ bytes, batch, price, naive, ratio, written: recorded.written, writtenFor });
      print(
        `${String(bytes).padStart(5)}${String(batch).padStart(7)}  ${columns(price)}${dollars(naive.total)}${ratio.toFixed(2).padStart(8)}` +
          `${recorded.written.toFixed(2).padStart(10)} (${naive.written})`,
      );
    }
  }
  const reads = queried === undefined ? [] : await measureReads(queried);
  const waiting = await measureWaits();
  if (values.json)
    console.log(JSON.stringify({ bench: "cost", events, platform, assumed, prices, rows, reads, waiting }));
} finally {
  for (const one of clients) one.destroy();
  await dynamo.close();
}

function client(): DynamoDBClient {
  const created = new DynamoDBClient({
    endpoint: dynamo.endpoint,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  clients.push(created);
  return created;
}

/** Measures what a process reads while it waits. */
async function measureWaits() {
  print("\nread units a second of a process that waits, and the median wait for an event from its acceptance");
  const rows = [];
  for (const [index, one] of waitingCases.entries()) {
    const table = `waiting-${index}`;
    await dynamo.createTable(historyTableInput(table));
    const measured = await measureWaiting(client(), table, one, 30);
    rows.push({ ...one, ...measured });
    const monthly = measured.units * prices.readUnit * 30 * 86_400;
    const wait = measured.p50 === undefined ? "" : `  p50 ${measured.p50} ms`;
    print(
      `${String(one.rate).padStart(4)} events/s in batches of ${String(one.batch).padStart(2)}, ${one.awaited ? "awaited every 1.75 s" : "nothing awaited     "}` +
        `${measured.units.toFixed(1).padStart(7)} units/s  $${monthly.toFixed(2)} a month${wait}`,
    );
  }
  return rows;
}

/** Measures what each kind of query reads among the events of 1 KB, for at most 100 events. */
async function measureReads({ events: all, store, units }: Recorded) {
  const middle = all[Math.floor(all.length / 2)];
  const last = all.at(-1);
  if (middle === undefined || last === undefined) return [];
  const { event } = middle;
  const { metadata } = event;
  const since = new Date(last.acceptedAt - 5_000);
  const queries: Record<string, HistoryQuery> = {
    "the newest": {},
    "by time, 5 s": { since },
    "by type": { type: event.type },
    "by wildcard": { type: `${event.type.split(".")[0]}.*` },
    "by source": { source: event.source },
    "by agent": { agentId: metadata.agentId ?? "" },
    "by project": { projectId: metadata.projectId ?? "" },
    "by flow": { correlationId: metadata.correlationId },
    "by cause": { causationId: event.id },
    "by tag": { tag: "tag-1" },
    "by type and agent": { type: event.type, agentId: metadata.agentId ?? "" },
    "by an unknown agent": { agentId: "nobody" },
  };
  print(
    `\nread units of one query, at most 100 events, among ${all.length} in ${Math.round(all.length / platform.eventsASecond)} s`,
  );
  const rows: { name: string; found: number; readUnits: number; requests: number }[] = [];
  const measured = async (name: string, act: () => Promise<number>) => {
    const before = { ...units };
    const found = await act();
    const row = { name, found, readUnits: units.read - before.read, requests: units.requests - before.requests };
    rows.push(row);
    const cost = row.readUnits * prices.readUnit * 1e6;
    print(
      `${name.padEnd(26)}${String(found).padStart(4)} events ${row.readUnits.toFixed(1).padStart(8)} units${String(row.requests).padStart(5)} requests  $${cost.toFixed(2)} per million queries`,
    );
  };
  await measured("one event by its id", async () => ((await store.get(event.id)) === undefined ? 0 : 1));
  for (const [name, query] of Object.entries(queries)) {
    await measured(name, async () => (await store.query(query, { limit: 100 })).events.length);
  }
  await measured("a whole flow", async () => (await store.flow(metadata.correlationId)).length);
  await measured("stats of all", async () => (await store.stats({})).reduce((sum, { count }) => sum + count, 0));
  const end = await store.position("end");
  await measured("a poll for new events", async () => (await store.readAfter(end, 256)).events.length);
  return rows;
}
