/** The concurrency of a Lambda subscriber: `functions` concurrent invocations with `batchSize` deliveries each. */
export interface LambdaConcurrency {
  readonly batchSize: number;
  readonly functions: number;
}

/** Limits of SQS event sources: at least 2 concurrent functions, and 10 messages per batch without a window. */
const minFunctions = 2;
const maxBatchSize = 10;

/**
 * Divides a subscription's concurrency into functions and batches. It uses the largest batch that leaves at most a tenth of
 * the concurrency unused, because a batch costs one invocation. Lambda runs at least two functions concurrently; with a
 * concurrency of 1 a lock makes them take turns.
 */
export function lambdaConcurrency(concurrency: number): LambdaConcurrency {
  if (concurrency < minFunctions) return { batchSize: 1, functions: minFunctions };
  for (let batchSize = maxBatchSize; batchSize > 1; batchSize -= 1) {
    const functions = Math.floor(concurrency / batchSize);
    if (functions >= minFunctions && functions * batchSize >= concurrency * 0.9) return { batchSize, functions };
  }
  return { batchSize: 1, functions: concurrency };
}
