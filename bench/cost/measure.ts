import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { HistoryTable, ToRecord } from "../../lib/engines/aws/dependencies.ts";
import { createHistoryTable } from "../../lib/engines/aws/history/index.ts";
import { eventSize } from "../../lib/event/index.ts";
import { ManualClock } from "../../lib/testing/manual-clock.ts";
import type { Dynamo } from "../../test/support/dynamo.ts";
import { historyDependencies, historyTableInput } from "../../test/support/history-table.ts";
import { assumed, chunkBytes, prices } from "./prices.ts";
import { countUnits, type Units } from "./units.ts";
import { workload } from "./workload.ts";

const start = Date.UTC(2026, 0, 10);
/** Functions that record concurrently, each of which knows only what it has written itself. */
const functions = 2;

/** Dollars per million events. */
export interface Price {
  readonly eventBridge: number;
  readonly sqs: number;
  readonly lambda: number;
  readonly dynamo: number;
  readonly total: number;
}

export interface Recorded {
  readonly events: readonly ToRecord[];
  /** Average bytes of an event. */
  readonly bytes: number;
  /** Average write units of an event. */
  readonly written: number;
  readonly read: number;
  /** Average write units of an event by kind of row. */
  readonly by: ReadonlyMap<string, number>;
  readonly store: HistoryTable;
  readonly units: Units;
}

/** Records a workload in batches, alternating between several functions, and counts what DynamoDB bills. */
export async function record(
  dynamo: Dynamo,
  options: { bytes: number; batch: number; events: number; client: DynamoDBClient },
): Promise<Recorded> {
  const { batch, bytes, client } = options;
  const table = `cost-${bytes}-${batch}`;
  await dynamo.createTable(historyTableInput(table));
  const clock = new ManualClock(start);
  const units = countUnits(client);
  const dependencies = historyDependencies(client, table, { clock });
  const stores = Array.from({ length: functions }, () => createHistoryTable(dependencies));
  const events: ToRecord[] = [];
  const source = workload(bytes, start);
  let size = 0;
  while (events.length < options.events) {
    const next = Array.from({ length: batch }, () => source.next().value);
    await clock.advance(Math.max(0, (next.at(-1)?.acceptedAt ?? 0) + 20 - clock.now()));
    const result = await stores[(events.length / batch) % functions]?.record(next);
    const [failed] = result?.failed ?? [];
    if (failed !== undefined) throw failed.error;
    for (const { event } of next) size += eventSize(event);
    events.push(...next);
  }
  const count = events.length;
  const by = new Map([...units.by].map(([name, sum]) => [name, sum / count] as const));
  const { read, written } = units;
  return {
    events,
    bytes: size / count,
    written: written / count,
    read: read / count,
    by,
    store: createHistoryTable(dependencies),
    units,
  };
}

/** Returns the cost of publishing and recording events with one batch per request, message batch and invocation. */
export function priceOf({
  batch,
  bytes,
  written,
  read,
}: {
  batch: number;
  bytes: number;
  written: number;
  read: number;
}) {
  const { callMs, eventMs, functionGigabytes, roundTripMs, roundTrips } = assumed;
  const callSeconds = (callMs + batch * eventMs + roundTrips * roundTripMs) / 1_000;
  return sum({
    bytes,
    batch,
    seconds: callSeconds * functionGigabytes,
    dynamo: written * prices.writeUnit + read * prices.readUnit,
  });
}

/** Returns the cost of a naive design: one uncompressed row with three full indexes, and one invocation per event. */
export function naivePriceOf(bytes: number): Price & { written: number } {
  const { callMs, eventMs, functionGigabytes, roundTripMs } = assumed;
  // The row also has the id and the keys of three indexes.
  const row = bytes + 200;
  const written = 4 * Math.ceil(row / 1_024);
  const seconds = ((callMs + eventMs + roundTripMs) / 1_000) * functionGigabytes;
  return { ...sum({ bytes, batch: 1, seconds, dynamo: written * prices.writeUnit }), written };
}

function sum(of: { bytes: number; batch: number; seconds: number; dynamo: number }): Price {
  const { batch, bytes } = of;
  const chunks = (size: number) => Math.ceil(size / chunkBytes);
  // The rule sends messages one by one; they are received and deleted in batches.
  const requests = chunks(bytes) + (chunks(bytes * batch) + 1) / batch;
  const price = {
    eventBridge: chunks(bytes) * prices.event * 1e6,
    sqs: requests * prices.queueRequest * 1e6,
    lambda: ((prices.call + of.seconds * prices.gigabyteSecond) / batch) * 1e6,
    dynamo: of.dynamo * 1e6,
  };
  return { ...price, total: price.eventBridge + price.sqs + price.lambda + price.dynamo };
}
