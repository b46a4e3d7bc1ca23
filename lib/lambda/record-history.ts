import { createDeadLetterTable } from "../engines/aws/dead-letters/index.ts";
import { createHistoryTable } from "../engines/aws/history/index.ts";
import type { QueueFunction } from "./function.ts";
import { functionDependencies } from "./function-dependencies.ts";
import { type FunctionRuntime, lambdaRuntime } from "./function-runtime.ts";
import { HistoryRecorder } from "./history-recorder.ts";
import { once } from "./once.ts";
import type { FunctionOptions } from "./options.ts";
import { recorderFunction } from "./recorder-function.ts";

/**
 * The function that records every event of the bus in history: `export const handler = recordHistory({ catalog })`. The
 * catalog says which types are not kept, and which data each takes: what is not valid for its type becomes a dead
 * letter `invalid_event`. What could not be recorded goes back to the queue, and is counted as `RecordErrors`.
 */
export function recordHistory(options: FunctionOptions = {}): QueueFunction {
  return historyFunction(options, lambdaRuntime);
}

/**
 * {@link recordHistory} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function historyFunction(options: FunctionOptions, runtime: FunctionRuntime): QueueFunction {
  const ready = once(async () => {
    const dependencies = await functionDependencies(runtime, options.catalog);
    const recorder = new HistoryRecorder(
      dependencies,
      createHistoryTable(dependencies),
      createDeadLetterTable(dependencies),
    );
    return { dependencies, record: recorder.record.bind(recorder) };
  });
  return recorderFunction(ready, runtime);
}
