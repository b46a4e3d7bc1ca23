/**
 * On one PostgreSQL server, synced to disk: events a second published and handled, and the time from publish to handler, against
 * pg-boss and graphile-worker. The contenders take turns, each in a process and a database of its own.
 * `node bench/postgres/run.ts [--json] [--events 20000] [--runs 3] [--seconds 10] [--only waggle] [--load 10x1]`
 */
import { execFile } from "node:child_process";
import { parseArgs, promisify } from "node:util";
import pg from "pg";
import * as z from "zod";
import { PostgresServer } from "../../test/postgres/support/server.ts";
import { contenders } from "./contenders.ts";
import { installPeers } from "./peers.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    events: { type: "string", default: "20000" },
    runs: { type: "string", default: "3" },
    seconds: { type: "string", default: "10" },
    only: { type: "string" },
    load: { type: "string" },
  },
});
const say = (line: string) => {
  if (!values.json) console.log(line);
};
const run = promisify(execFile);
const one = new URL("one.ts", import.meta.url).pathname;
const names = values.only === undefined ? Object.keys(contenders) : [values.only];
const installed = names.some((name) => name !== "waggle") ? installPeers() : { ok: true as const };
if (!installed.ok) say(`without the peers: ${installed.reason}`);
const present = installed.ok ? names : ["waggle"];

// The settings of the server are its defaults: fsync and synchronous_commit are on.
const server = await PostgresServer.start();
let databases = 0;

async function measure<Result>(schema: z.ZodType<Result>, task: object): Promise<Result> {
  databases += 1;
  const name = `bench_${databases}`;
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${name}`);
    const before = await server.endedCpuMs();
    const { stdout } = await run(process.execPath, [one, JSON.stringify({ ...task, url: server.urlOf(name) })]);
    // A connection ends a moment after its client.
    for (let left = 1; left > 0; ) {
      const { rows } = await client.query("SELECT count(*)::int AS left FROM pg_stat_activity WHERE datname = $1", [
        name,
      ]);
      left = rows[0].left;
    }
    return schema.parse({ ...JSON.parse(stdout), serverCpuMs: (await server.endedCpuMs()) - before });
  } finally {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.end();
  }
}

const throughputSchema = z.object({
  published: z.number(),
  handled: z.number(),
  cpuMicros: z.number(),
  serverCpuMs: z.number(),
});
const latencySchema = z.object({ p50: z.number(), p99: z.number() });
const median = (list: readonly number[]) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;
const cpu = (micros: number) => `${Math.round(micros).toLocaleString("en")} µs`.padStart(18);
const perSecond = (value: number) => Math.round(value).toLocaleString("en").padStart(10);

try {
  const rows = [];
  say("events a second; a handled event is one that every subscription has ended");
  say("contender         publishers  subscriptions   published     handled  CPU an event: client      server");
  for (const subscriptions of [1, 10]) {
    for (const publishers of [10, 100]) {
      if (values.load !== undefined && values.load !== `${publishers}x${subscriptions}`) continue;
      const results = new Map<string, z.infer<typeof throughputSchema>[]>(present.map((name) => [name, []]));
      const events = Math.ceil((Number(values.events) * (publishers / 100)) / Math.max(1, subscriptions / 2));
      for (let round = 0; round < Number(values.runs); round += 1) {
        for (const contender of present) {
          const task = { what: "throughput", contender, subscriptions, publishers, events };
          results.get(contender)?.push(await measure(throughputSchema, task));
        }
      }
      const best = { waggle: 0, peer: 0 };
      for (const [contender, measured] of results) {
        const row = {
          contender,
          publishers,
          subscriptions,
          published: median(measured.map(({ published }) => published)),
          handled: median(measured.map(({ handled }) => handled)),
          cpuMicros: median(measured.map(({ cpuMicros }) => cpuMicros)),
          serverCpuMicros: median(measured.map(({ serverCpuMs }) => (serverCpuMs * 1_000) / events)),
        };
        rows.push(row);
        const who = contender === "waggle" ? "waggle" : "peer";
        best[who] = Math.max(best[who], row.handled);
        say(
          `${contender.padEnd(16)}${String(publishers).padStart(12)}${String(subscriptions).padStart(15)}  ` +
            `${perSecond(row.published)}  ${perSecond(row.handled)}${cpu(row.cpuMicros)}${cpu(row.serverCpuMicros)}`,
        );
      }
      if (best.peer > 0 && best.waggle > 0) say(`  ${(best.waggle / best.peer).toFixed(1)} × the better peer`);
    }
  }
  const latency: Record<string, z.infer<typeof latencySchema>> = {};
  for (const contender of present) {
    const task = { what: "latency", contender, subscriptions: 1, rate: 500, seconds: Number(values.seconds) };
    const result = await measure(latencySchema, task);
    latency[contender] = result;
    say(
      `publish to handler at 500 a second, ${contender}: p50 ${result.p50.toFixed(1)} ms, p99 ${result.p99.toFixed(1)} ms`,
    );
  }
  if (values.json) {
    console.log(JSON.stringify({ bench: "postgres", node: process.version, rows, latency }));
  }
} finally {
  await server.stop();
}
