import { trace } from "@opentelemetry/api";
import { BasicTracerProvider } from "@opentelemetry/sdk-trace-base";
import { connect, type Middleware } from "../../lib/index.ts";
import { tracing } from "../../lib/telemetry/index.ts";

/** Runs one case in its own process: `one.ts bare|idle|tracing|sdk EVENTS`. Prints the microseconds of CPU per event. */
const [name = "bare", eventsText = "100000"] = process.argv.slice(2);
const events = Number(eventsText);
/** Concurrent publishes. */
const inFlight = 1_000;

// Spans are made and ended, and go nowhere: what exporting costs is the exporter's.
if (name === "sdk") trace.setGlobalTracerProvider(new BasicTracerProvider());
// Any middleware costs promises; beside this one it shows what tracing itself does.
const idle: Middleware = {
  publish: (entry, next) => next(entry),
  handle: (_event, _context, next) => next(),
};
const use = name === "bare" ? [] : name === "idle" ? [idle] : [tracing()];
const bus = await connect({ engine: "memory", source: "bench", logLevel: "silent", use });
let handled = 0;
let expected = 0;
let allHandled = () => {};
await bus.subscribe({ name: "readers", on: "task.created" }, () => {
  handled += 1;
  if (handled === expected) allHandled();
});

async function round(count: number): Promise<number> {
  handled = 0;
  expected = count;
  const done = new Promise<void>((resolve) => {
    allHandled = resolve;
  });
  const before = process.cpuUsage();
  for (let at = 0; at < count; at += inFlight) {
    await Promise.all(
      Array.from({ length: Math.min(inFlight, count - at) }, () => bus.emit.task.created({ taskId: "task-1" })),
    );
  }
  await done;
  return process.cpuUsage(before).user / count;
}

await round(events / 5);
const costs: number[] = [];
for (let at = 0; at < 3; at += 1) costs.push(await round(events));
await bus.close();
process.stdout.write(`${JSON.stringify(costs.sort((one, other) => one - other)[1])}\n`);
process.exit(0);
