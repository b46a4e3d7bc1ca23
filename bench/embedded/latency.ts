import { setTimeout as wait } from "node:timers/promises";
import { draft, open, percentile } from "./load.ts";

export interface Latency {
  /** Milliseconds from the call of `publish` to the start of the handler. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly rate: number;
}

/** Publishes at a steady rate, and takes the time until the handler begins. */
export async function latency(file: string, options: { rate: number; seconds: number }): Promise<Latency> {
  const { rate, seconds } = options;
  const events = rate * seconds;
  const bus = await open(file);
  const calledAt = new Map<string, number>();
  const took: number[] = [];
  await bus.subscribe({ name: "bench", on: "task.completed", concurrency: 256 }, (event) => {
    const called = calledAt.get(event.data.taskId);
    if (called !== undefined) took.push(performance.now() - called);
  });
  const publishing: Promise<unknown>[] = [];
  const since = performance.now();
  for (let sent = 0; sent < events; ) {
    const due = Math.min(events, ((performance.now() - since) / 1_000) * rate);
    for (; sent < due; sent += 1) {
      calledAt.set(`task-${sent}`, performance.now());
      publishing.push(bus.publish(draft(sent)));
    }
    await wait(1);
  }
  await Promise.all(publishing);
  const elapsed = performance.now() - since;
  await bus.close();
  const warm = took.slice(Math.floor(took.length / 10));
  return {
    p50: percentile(warm, 0.5),
    p99: percentile(warm, 0.99),
    max: percentile(warm, 1),
    rate: (took.length / elapsed) * 1_000,
  };
}
