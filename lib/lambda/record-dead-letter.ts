import { createDeadLetterStore } from "../engines/aws/dead-letters/index.ts";
import { createDeliveries } from "../engines/aws/deliveries/index.ts";
import { createHistoryStore } from "../engines/aws/history/index.ts";
import { DeadLetterRecorder } from "./dead-letter-recorder.ts";
import type { QueueFunction } from "./function.ts";
import { functionParts } from "./function-parts.ts";
import { HistoryRecorder } from "./history-recorder.ts";
import { type FunctionDependencies, lambdaHost } from "./host.ts";
import { once } from "./once.ts";
import type { FunctionOptions } from "./options.ts";
import { recorderFunction } from "./recorder-function.ts";

/**
 * The function that empties the dead-letter queues of the bus into its table: those of subscriptions, to which a rule or a
 * queue gave up a delivery; that of the publishers; and that of history, whose events it records after all. Told apart by
 * the queue's name. What it cannot read becomes a dead letter as well; what it could not record stays in its queue, and is
 * counted as `RecordErrors`.
 */
export function recordDeadLetter(options: FunctionOptions = {}): QueueFunction {
  return deadLetterFunction(options, lambdaHost);
}

/**
 * {@link recordDeadLetter} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function deadLetterFunction(options: FunctionOptions, host: FunctionDependencies): QueueFunction {
  const ready = once(async () => {
    const parts = await functionParts(host, options.catalog);
    const deadLetters = createDeadLetterStore(parts);
    const recorder = new DeadLetterRecorder({
      parts,
      deadLetters,
      deliveries: createDeliveries(parts, deadLetters),
      history: new HistoryRecorder(parts, createHistoryStore(parts), deadLetters),
    });
    return { parts, record: recorder.record.bind(recorder) };
  });
  return recorderFunction(ready, host);
}
