import * as z from "zod";
import { functionMarginMs, metricNames, outboxTable, waitingShard } from "../aws-shared/index.ts";
import { createCatalog } from "../event/catalog.ts";
import { createOutbox } from "../outbox/create-outbox.ts";
import { DynamoStore } from "../outbox/dynamo/dynamo-store.ts";
import { OutboxTable } from "../outbox/dynamo/table.ts";
import type { Clock } from "../runtime/clock.ts";
import { functionOutbox } from "./environment.ts";
import type { FunctionContext, ScheduledFunction } from "./function.ts";
import { createFunctionBus } from "./function-bus.ts";
import { functionDependencies } from "./function-dependencies.ts";
import { type FunctionRuntime, lambdaRuntime } from "./function-runtime.ts";
import { metricsLine } from "./metrics.ts";
import { once } from "./once.ts";
import type { RelayOutboxOptions } from "./options.ts";

/** What the stream brings is relayed at once; a run of the schedule leaves alone what is younger, and finds the rest. */
const leftOverMs = 60_000;

/**
 * The function that relays an outbox in DynamoDB: `export const handler = relayOutbox()`. The stream of the table invokes it
 * with what was added, and it publishes what waits in the same partitions of the table, each of which one invocation at a time
 * is about. A schedule invokes it too, for what is to be tried again. What could not be published stays in the table, so that a
 * batch of the stream need not be repeated. Counts what it publishes and sets aside in metrics.
 */
export function relayOutbox(options: RelayOutboxOptions = {}): ScheduledFunction {
  return relayFunction(options, lambdaRuntime);
}

/**
 * {@link relayOutbox} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function relayFunction({ outbox = "outbox" }: RelayOutboxOptions, runtime: FunctionRuntime): ScheduledFunction {
  const { clock, random } = runtime;
  const ready = once(async () => {
    // What was added has been validated.
    const dependencies = await functionDependencies(runtime, createCatalog([], { open: true }));
    const { bus } = createFunctionBus(dependencies, "relay-outbox");
    return { bus, dependencies, table: new OutboxTable(dependencies.clients.dynamo, functionOutbox(runtime.env)) };
  });
  return async (event, context) => {
    const { bus, dependencies, table } = await ready();
    const shards = addedShards(event);
    const store = new DynamoStore({
      ...{ table, random, now: clock.now, written: () => undefined },
      ...(shards === undefined ? { addedBefore: clock.now() - leftOverMs } : { shards }),
    });
    if (shards?.length === 0) return;
    const done = await withTime(clock, context, (signal) => createOutbox({ store, bus }).flush({ signal }));
    const owner = { bus: dependencies.config.bus, outbox };
    const counts = { [metricNames.outboxPublished]: done.published, [metricNames.outboxFailed]: done.failed };
    const age = shards === undefined ? await waited(store, clock.now()) : 0;
    for (const line of [
      metricsLine(owner, counts, clock.now()),
      metricsLine(owner, { [metricNames.outboxAge]: age }, clock.now(), "Milliseconds"),
    ]) {
      if (line !== undefined) runtime.write(line);
    }
  };
}

/** How long the oldest that waits has waited. */
async function waited(store: DynamoStore<undefined>, now: number): Promise<number> {
  const oldest = await store.oldest();
  const age = oldest === undefined ? 0 : now - oldest;
  return age > leftOverMs ? age : 0;
}

/** Has something end in good time before Lambda ends the function: what is left over is for the next run. */
async function withTime<Value>(
  clock: Clock,
  context: FunctionContext,
  act: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const left = context.getRemainingTimeInMillis() - 2 * functionMarginMs;
  if (left <= 0) return act(AbortSignal.abort());
  const ending = new AbortController();
  const timer = clock.setTimer(() => ending.abort(), left);
  try {
    return await act(ending.signal);
  } finally {
    clock.clearTimer(timer);
  }
}

const streamEvent = z.object({
  Records: z.array(
    z.object({ dynamodb: z.object({ Keys: z.object({ [outboxTable.partitionKey]: z.object({ S: z.string() }) }) }) }),
  ),
});

/** The shards that the records of a stream were added to; undefined for what is no event of a stream. */
function addedShards(event: unknown): number[] | undefined {
  const parsed = streamEvent.safeParse(event);
  if (!parsed.success) return undefined;
  const shards = parsed.data.Records.map(({ dynamodb }) =>
    waitingShard(dynamodb.Keys[outboxTable.partitionKey]?.S ?? ""),
  );
  return [...new Set(shards.filter((shard) => shard !== undefined))];
}
