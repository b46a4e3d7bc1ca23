import { createDeadLetterStore } from "../engines/aws/dead-letters/index.ts";
import { createHistoryStore } from "../engines/aws/history/index.ts";
import type { QueueFunction } from "./function.ts";
import { functionParts } from "./function-parts.ts";
import { HistoryRecorder } from "./history-recorder.ts";
import { type FunctionDependencies, lambdaHost } from "./host.ts";
import { once } from "./once.ts";
import type { FunctionOptions } from "./options.ts";
import { recorderFunction } from "./recorder-function.ts";

/**
 * The function that records every event of the bus in history: `export const handler = recordHistory({ catalog })`. The
 * catalog says which types are not kept, and what an event of each looks like: what is none of its type becomes a dead
 * letter `invalid_event`. What could not be recorded goes back to the queue, and is counted as `RecordErrors`.
 */
export function recordHistory(options: FunctionOptions = {}): QueueFunction {
  return historyFunction(options, lambdaHost);
}

/**
 * {@link recordHistory} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function historyFunction(options: FunctionOptions, host: FunctionDependencies): QueueFunction {
  const ready = once(async () => {
    const parts = await functionParts(host, options.catalog);
    const recorder = new HistoryRecorder(parts, createHistoryStore(parts), createDeadLetterStore(parts));
    return { parts, record: recorder.record.bind(recorder) };
  });
  return recorderFunction(ready, host);
}
