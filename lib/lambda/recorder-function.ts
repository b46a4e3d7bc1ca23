import type { AwsDependencies } from "../engines/aws/dependencies.ts";
import type { QueueFunction } from "./function.ts";
import type { FunctionRuntime } from "./function-runtime.ts";
import type { Recording } from "./history-recorder.ts";
import { metricsLine } from "./metrics.ts";
import { type BatchMessage, queueBatch } from "./queue-batch.ts";

/** What records the messages of a batch. */
export interface Recorder {
  readonly dependencies: Pick<AwsDependencies, "config">;
  record(messages: readonly BatchMessage[]): Promise<Recording>;
}

/** A function that records what its queues bring, and counts it in metrics. */
export function recorderFunction(ready: () => Promise<Recorder>, runtime: FunctionRuntime): QueueFunction {
  return async (event) => {
    const messages = queueBatch(event);
    const { dependencies, record } = await ready();
    const { failed, counts, ofSubscriptions = {} } = await record(messages);
    const { bus } = dependencies.config;
    const now = runtime.clock.now();
    const lines = Object.entries(ofSubscriptions).map(([subscription, own]) =>
      metricsLine({ bus, subscription }, own, now),
    );
    for (const line of [metricsLine({ bus }, counts, now), ...lines]) if (line !== undefined) runtime.write(line);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
