/**
 * The kafka engine beside the raw client that it is built on: the same records, idempotent, acknowledged by all, on a broker of its
 * own: `npm run bench -- kafka [--events 100000] [--rounds 3] [--json]`.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { KafkaCluster } from "../../test/kafka/support/cluster.ts";
import { missingForKafka } from "../../test/kafka/support/java.ts";

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    json: { type: "boolean", default: false },
  },
});
const contenders = ["raw-produce", "waggle-publish", "raw-both", "waggle-handled"];
const one = fileURLToPath(new URL("one.ts", import.meta.url));

interface Measured {
  readonly perSecond: number;
  readonly userMicrosecondsPerEvent: number;
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;

const missing = missingForKafka();
if (missing !== undefined) console.error(`skipped: ${missing}`);
else {
  const cluster = await KafkaCluster.start();
  const results = new Map<string, Measured[]>();
  // In turn, so that what else runs on the machine meets all of them.
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const contender of contenders) {
      const run = spawnSync(process.execPath, [one, contender, cluster.brokers, values.events], { encoding: "utf8" });
      if (run.status !== 0) throw new Error(`${contender} failed: ${run.stderr.slice(0, 1_000)}`);
      const measured: Measured = JSON.parse(run.stdout.trim().split("\n").at(-1) ?? "");
      results.set(contender, [...(results.get(contender) ?? []), measured]);
    }
  }
  await cluster.stop();
  const rows = contenders.map((contender) => ({
    contender,
    perSecond: median((results.get(contender) ?? []).map(({ perSecond }) => perSecond)),
    userMicrosecondsPerEvent: median(
      (results.get(contender) ?? []).map(({ userMicrosecondsPerEvent }) => userMicrosecondsPerEvent),
    ),
  }));
  const rate = (name: string) => rows.find(({ contender }) => contender === name)?.perSecond ?? Number.NaN;
  const ratios = {
    published: rate("waggle-publish") / rate("raw-produce"),
    handled: rate("waggle-handled") / rate("raw-both"),
  };
  if (values.json) console.log(JSON.stringify({ rows, ratios }));
  else {
    console.table(rows);
    console.log(
      `published ${ratios.published.toFixed(2)} of the raw client, published to handled with history ${ratios.handled.toFixed(2)}`,
    );
  }
}
