/**
 * Durable on one machine: events a second published and handled, against raw `node:sqlite` inserting the same rows in the
 * same group size in the same run; latency at 1,000 a second; what a long history costs.
 * `node bench/embedded/run.ts [--json] [--events 100000] [--stored 1000000] [--seconds 10]`
 */
import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import * as z from "zod";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    events: { type: "string", default: "100000" },
    stored: { type: "string", default: "1000000" },
    seconds: { type: "string", default: "10" },
  },
});
const events = Number(values.events);
const say = (line: string) => {
  if (!values.json) console.log(line);
};
const run = promisify(execFile);
const one = new URL("one.ts", import.meta.url).pathname;

async function measure<Result>(schema: z.ZodType<Result>, task: object): Promise<Result> {
  const { stdout } = await run(process.execPath, [one, JSON.stringify(task)]);
  return schema.parse(JSON.parse(stdout));
}

const throughputSchema = z.object({ published: z.number(), handled: z.number(), loopP99: z.number() });
const perSecond = (value: number) => Math.round(value).toLocaleString("en").padStart(10);
const ms = (value: number) => `${value.toFixed(2)} ms`;

say("events a second, synced to disk; a handled event is one that every subscription has ended");
say("publishers  subscriptions   published     handled         raw   ratio  loop delay p99");
const rows = [];
for (const subscriptions of [0, 1, 3, 10]) {
  for (const publishers of [1, 10, 100, 1_000]) {
    const count = Math.max(
      2_000,
      Math.round((events * Math.min(1, publishers / 100)) / Math.max(1, subscriptions / 2)),
    );
    const raw = await measure(z.number(), { what: "raw", group: publishers, subscriptions, events: count });
    const ours = await measure(throughputSchema, { what: "throughput", publishers, subscriptions, events: count });
    const ratio = ours.handled / raw;
    rows.push({ publishers, subscriptions, ...ours, raw, ratio });
    say(
      `${String(publishers).padStart(10)}${String(subscriptions).padStart(15)}  ${perSecond(ours.published)}  ${perSecond(ours.handled)}  ${perSecond(raw)}${ratio.toFixed(2).padStart(8)}${ms(ours.loopP99).padStart(16)}`,
    );
  }
}

const latency = await measure(z.object({ p50: z.number(), p99: z.number(), max: z.number(), rate: z.number() }), {
  what: "latency",
  rate: 1_000,
  seconds: Number(values.seconds),
});
say(`publish to handler at ${Math.round(latency.rate)} a second: p50 ${ms(latency.p50)}, p99 ${ms(latency.p99)}`);

const sizeSchema = z.object({ kept: z.number(), forgotten: z.number() });
const sizeOf = (ownId: boolean) => measure(sizeSchema, { what: "size", events: Math.min(events, 20_000), ownId });
const size = { ours: await sizeOf(false), own: await sizeOf(true) };
say(
  `an event in the file, its outcome included: ${size.ours.kept.toFixed(0)} bytes; after its retention, with an id of Waggle's: ` +
    `${size.ours.forgotten.toFixed(0)}, with its publisher's own: ${size.own.forgotten.toFixed(0)}`,
);

const count = Number(values.stored);
const stored =
  count === 0
    ? undefined
    : await measure(
        z.object({
          stored: z.number(),
          empty: throughputSchema,
          full: throughputSchema,
          flowMs: z.number(),
          getMs: z.number(),
          agentMs: z.number(),
        }),
        { what: "stored", stored: count, events },
      );
if (stored !== undefined) {
  const ratio = stored.full.handled / stored.empty.handled;
  say(
    `with ${count.toLocaleString("en")} stored: ${perSecond(stored.full.handled).trim()} a second, ${ratio.toFixed(2)} of an empty file; ` +
      `p99: one flow ${ms(stored.flowMs)}, one event ${ms(stored.getMs)}, an agent's latest 20 ${ms(stored.agentMs)}`,
  );
}
if (values.json) {
  console.log(
    JSON.stringify({ bench: "embedded", node: process.version, rows, latency, size, stored: stored ?? null }),
  );
}
