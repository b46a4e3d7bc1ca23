import type { AwsDependencies } from "../engines/aws/dependencies.ts";
import type { QueueFunction } from "./function.ts";
import type { Recording } from "./history-recorder.ts";
import type { FunctionDependencies } from "./host.ts";
import { metricsLine } from "./metrics.ts";
import { type BatchMessage, queueBatch } from "./queue-batch.ts";

/** What records the messages of a batch. */
export interface Recorder {
  readonly parts: Pick<AwsDependencies, "config">;
  record(messages: readonly BatchMessage[]): Promise<Recording>;
}

/** A function that records what its queues bring, and counts it in metrics. */
export function recorderFunction(ready: () => Promise<Recorder>, host: FunctionDependencies): QueueFunction {
  return async (event) => {
    const messages = queueBatch(event);
    const { parts, record } = await ready();
    const { failed, counts, ofSubscriptions = {} } = await record(messages);
    const { bus } = parts.config;
    const now = host.clock.now();
    const lines = Object.entries(ofSubscriptions).map(([subscription, own]) =>
      metricsLine({ bus, subscription }, own, now),
    );
    for (const line of [metricsLine({ bus }, counts, now), ...lines]) if (line !== undefined) host.write(line);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
