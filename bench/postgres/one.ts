/** One measurement in a process of its own: `one.ts <options as JSON>`; the result is one line of JSON. */
import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod";
import { inParallel, percentile } from "../embedded/load.ts";
import { contenders } from "./contenders.ts";

const number = z.number();
const common = { contender: z.string(), url: z.string(), subscriptions: number };
const tasks = z.discriminatedUnion("what", [
  z.object({ what: z.literal("throughput"), ...common, publishers: number, events: number }),
  z.object({ what: z.literal("latency"), ...common, rate: number, seconds: number }),
]);
type Task<What> = Extract<z.infer<typeof tasks>, { what: What }>;

const task = tasks.parse(JSON.parse(process.argv[2] ?? ""));
const setUp = contenders[task.contender];
if (setUp === undefined) throw new Error(`there is no contender ${task.contender}`);
console.log(JSON.stringify(await (task.what === "throughput" ? throughput(task) : latency(task))));

async function throughput({ events, publishers, subscriptions, url }: Task<"throughput">) {
  const runs = events * subscriptions;
  const finished = Promise.withResolvers<void>();
  let handled = 0;
  const contender = await setUp?.(url, subscriptions, () => {
    handled += 1;
    if (handled === runs) finished.resolve();
  });
  const cpu = process.cpuUsage();
  const since = performance.now();
  await inParallel(publishers, events, async (index) => contender?.publish(index));
  const publishedMs = performance.now() - since;
  await finished.promise;
  const handledMs = performance.now() - since;
  const { system, user } = process.cpuUsage(cpu);
  await contender?.close();
  const rate = (ms: number) => (events / ms) * 1_000;
  return { published: rate(publishedMs), handled: rate(handledMs), cpuMicros: (user + system) / events };
}

/** Publishes at a steady rate, and takes the time from the call until the handler begins. */
async function latency({ rate, seconds, subscriptions, url }: Task<"latency">) {
  const events = rate * seconds;
  const calledAt = new Map<string, number>();
  const took: number[] = [];
  const finished = Promise.withResolvers<void>();
  const contender = await setUp?.(url, subscriptions, (taskId) => {
    took.push(performance.now() - (calledAt.get(taskId) ?? 0));
    if (took.length === events * subscriptions) finished.resolve();
  });
  const publishing: Promise<unknown>[] = [];
  const since = performance.now();
  for (let sent = 0; sent < events; ) {
    const due = Math.min(events, ((performance.now() - since) / 1_000) * rate);
    for (; sent < due; sent += 1) {
      calledAt.set(`task-${sent}`, performance.now());
      publishing.push(contender?.publish(sent) ?? Promise.resolve());
    }
    await wait(1);
  }
  await Promise.all(publishing);
  await finished.promise;
  await contender?.close();
  const warm = took.slice(Math.floor(took.length / 10));
  return { p50: percentile(warm, 0.5), p99: percentile(warm, 0.99) };
}
