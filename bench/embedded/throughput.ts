import { monitorEventLoopDelay } from "node:perf_hooks";
import { draft, inParallel, open } from "./load.ts";

export interface Throughput {
  /** Events a second until the last was published, and until the last was handled by all. */
  readonly published: number;
  readonly handled: number;
  /** Milliseconds. */
  readonly loopP99: number;
}

/** Publishes with so many callers at a time to so many subscriptions, each with a handler that does nothing. */
export async function throughput(
  file: string,
  options: { publishers: number; subscriptions: number; events: number },
): Promise<Throughput> {
  const { events, publishers, subscriptions } = options;
  const bus = await open(file);
  const runs = events * subscriptions;
  let handled = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  for (let number = 0; number < subscriptions; number += 1) {
    await bus.subscribe({ name: `bench-${number}`, on: "task.*", concurrency: 256 }, () => {
      handled += 1;
      if (handled === runs) finish();
    });
  }
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const since = performance.now();
  await inParallel(publishers, events, (number) => bus.publish(draft(number)));
  const publishedMs = performance.now() - since;
  if (runs > 0) await finished;
  const handledMs = performance.now() - since;
  delay.disable();
  await bus.close();
  return {
    published: (events / publishedMs) * 1_000,
    handled: (events / handledMs) * 1_000,
    loopP99: delay.percentile(99) / 1e6,
  };
}
