import type { AwsParts } from "../engines/aws/parts.ts";
import type { QueueFunction } from "./function.ts";
import type { Recording } from "./history-recorder.ts";
import type { FunctionHost } from "./host.ts";
import { metricsLine } from "./metrics.ts";
import { type BatchMessage, queueBatch } from "./queue-batch.ts";

/** What records the messages of a batch. */
export interface Recorder {
  readonly parts: Pick<AwsParts, "config">;
  record(messages: readonly BatchMessage[]): Promise<Recording>;
}

/** A function that records what its queues bring, and counts it in metrics. */
export function recorderFunction(ready: () => Promise<Recorder>, host: FunctionHost): QueueFunction {
  return async (event) => {
    const messages = queueBatch(event);
    const { parts, record } = await ready();
    const { failed, counts } = await record(messages);
    const line = metricsLine({ bus: parts.config.bus }, counts, host.clock.now());
    if (line !== undefined) host.write(line);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}
