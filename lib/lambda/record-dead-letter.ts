import { createDeadLetterTable } from "../engines/aws/dead-letters/index.ts";
import { createDeliveryTable } from "../engines/aws/deliveries/index.ts";
import { createHistoryTable } from "../engines/aws/history/index.ts";
import { DeadLetterRecorder } from "./dead-letter-recorder.ts";
import type { QueueFunction } from "./function.ts";
import { functionDependencies } from "./function-dependencies.ts";
import { type FunctionRuntime, lambdaRuntime } from "./function-runtime.ts";
import { HistoryRecorder } from "./history-recorder.ts";
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
  return deadLetterFunction(options, lambdaRuntime);
}

/**
 * {@link recordDeadLetter} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function deadLetterFunction(options: FunctionOptions, runtime: FunctionRuntime): QueueFunction {
  const ready = once(async () => {
    const dependencies = await functionDependencies(runtime, options.catalog);
    const deadLetters = createDeadLetterTable(dependencies);
    const recorder = new DeadLetterRecorder({
      ...dependencies,
      deadLetters,
      deliveries: createDeliveryTable(dependencies, deadLetters),
      history: new HistoryRecorder(dependencies, createHistoryTable(dependencies), deadLetters),
    });
    return { dependencies, record: recorder.record.bind(recorder) };
  });
  return recorderFunction(ready, runtime);
}
