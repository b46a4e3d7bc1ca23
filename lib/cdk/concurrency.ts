/** How many a function runs at once: batches of `batchSize`, `functions` side by side. */
export interface Spread {
  readonly batchSize: number;
  readonly functions: number;
}

/** What SQS event sources allow: 2 to 1,000 functions, 10 messages a batch without a window. */
const fewest = 2;
const largestBatch = 10;

/**
 * Spreads a subscription's concurrency over functions: the largest batch that leaves at most a tenth of it unused, for a
 * batch costs one call. Lambda runs two side by side at least, so with a concurrency of 1 they take turns by a lock.
 */
export function spread(concurrency: number): Spread {
  if (concurrency < fewest) return { batchSize: 1, functions: fewest };
  for (let batchSize = largestBatch; batchSize > 1; batchSize -= 1) {
    const functions = Math.floor(concurrency / batchSize);
    if (functions >= fewest && functions * batchSize >= concurrency * 0.9) return { batchSize, functions };
  }
  return { batchSize: 1, functions: concurrency };
}
