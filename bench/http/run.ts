/**
 * A bus behind `waggle serve`, over loopback: events a second published in batches and handled, by the http engine and by plain requests; latency
 * at 1,000 a second. Server and client are a process each.
 * `node bench/http/run.ts [--json] [--events 60000] [--batch 500] [--seconds 5]`
 */
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connect } from "../../lib/index.ts";
import { draft, inParallel, percentile } from "../embedded/load.ts";
import { type Engine, startServed } from "./served.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    events: { type: "string", default: "60000" },
    batch: { type: "string", default: "500" },
    seconds: { type: "string", default: "5" },
  },
});
const events = Number(values.events);
const batch = Number(values.batch);
const say = (line: string) => {
  if (!values.json) console.log(line);
};
const perSecond = (value: number) => Math.round(value).toLocaleString("en").padStart(10);

/** Publishes by the http engine, so many batches at a time, to one subscriber of another bus. */
async function throughput(engine: Engine) {
  const server = await startServed(engine);
  const options = { engine: "http", url: server.url, source: "bench", logLevel: "silent" } as const;
  const [publisher, consumer] = [await connect(options), await connect(options)];
  let handled = 0;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  await consumer.subscribe({ name: "bench", on: "task.*", concurrency: 1_000, timeout: "5m" }, () => {
    handled += 1;
    if (handled === events) finish();
  });
  const before = { own: process.cpuUsage(), server: await server.usage() };
  const since = performance.now();
  await inParallel(4, Math.ceil(events / batch), (number) => {
    const count = Math.min(batch, events - number * batch);
    return publisher.publishAll(Array.from({ length: count }, (_, index) => draft(number * batch + index)));
  });
  const publishedMs = performance.now() - since;
  await finished;
  const handledMs = performance.now() - since;
  const own = process.cpuUsage(before.own);
  const serverCpuMs = (await server.usage()).cpuMs - before.server.cpuMs;
  await Promise.all([publisher.close(), consumer.close()]);
  await server.end();
  return {
    engine,
    published: (events / publishedMs) * 1_000,
    handled: (events / handledMs) * 1_000,
    clientCpuUs: (own.user + own.system) / events,
    serverCpuUs: (serverCpuMs * 1_000) / events,
  };
}

/** Milliseconds from the call of `publish` to the start of the handler, at a steady rate, over the server. */
async function latency(engine: Engine, rate: number, seconds: number) {
  const server = await startServed(engine);
  const bus = await connect({ engine: "http", url: server.url, source: "bench", logLevel: "silent" });
  const calledAt = new Map<string, number>();
  const took: number[] = [];
  await bus.subscribe({ name: "bench", on: "task.completed", concurrency: 256 }, (event) => {
    const called = calledAt.get(event.data.taskId);
    if (called !== undefined) took.push(performance.now() - called);
  });
  const publishing: Promise<unknown>[] = [];
  const since = performance.now();
  for (let sent = 0; sent < rate * seconds; ) {
    const due = Math.min(rate * seconds, ((performance.now() - since) / 1_000) * rate);
    for (; sent < due; sent += 1) {
      calledAt.set(`task-${sent}`, performance.now());
      publishing.push(bus.publish(draft(sent)));
    }
    await wait(1);
  }
  await Promise.all(publishing);
  const elapsed = performance.now() - since;
  await bus.close();
  await server.end();
  const warm = took.slice(Math.floor(took.length / 10));
  return {
    engine,
    rate: (took.length / elapsed) * 1_000,
    p50: percentile(warm, 0.5),
    p99: percentile(warm, 0.99),
  };
}

say(`events a second by the http engine, in batches of ${batch}; CPU time of each process an event`);
say("engine       published     handled   client      server");
const rows = [];
for (const engine of ["memory", "embedded"] as const) {
  const row = await throughput(engine);
  rows.push(row);
  say(
    `${engine.padEnd(10)}${perSecond(row.published)}  ${perSecond(row.handled)}   ${row.clientCpuUs.toFixed(0)} us  ${row.serverCpuUs.toFixed(0).padStart(8)} us`,
  );
}
const latencies = [];
for (const engine of ["memory", "embedded"] as const) {
  const row = await latency(engine, 1_000, Number(values.seconds));
  latencies.push(row);
  say(
    `${engine}: publish to handler at ${Math.round(row.rate)} a second: p50 ${row.p50.toFixed(2)} ms, p99 ${row.p99.toFixed(2)} ms`,
  );
}
if (values.json) console.log(JSON.stringify({ bench: "http", node: process.version, rows, latencies }));
