// How often the loop guard that every bus has would refuse runs that are none: it must be never.
// node bench/loop-guard.ts FOLDER: a folder of NDJSON, one draft a line. Each event of a run (its correlationId) is published by
// the handler of the one before it, so that a run is one row as long as it can be. Ends with 1 where a run was refused.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { BusError, connect } from "../lib/index.ts";

const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: node bench/loop-guard.ts FOLDER");
  process.exit(2);
}
const draft = z.looseObject({
  type: z.string(),
  data: z.looseObject({}),
  source: z.string().exactOptional(),
  time: z.string().exactOptional(),
  metadata: z.looseObject({ correlationId: z.string() }),
});
const drafts = readdirSync(folder)
  .filter((name) => name.endsWith(".ndjson"))
  .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
  .filter((line) => line !== "")
  .map((line) => draft.parse(JSON.parse(line)));
const runs = [...Map.groupBy(drafts, ({ metadata }) => metadata.correlationId).values()];

const bus = await connect<Record<string, unknown>>({ engine: "memory", source: "bench", logLevel: "silent" });
const refused: string[] = [];
const tooLarge: string[] = [];
let published = 0;

/** Publishes the event of a run at a place, or the next that the bus takes. Its id tells its handler the place. */
async function publishFrom(run: number, from: number): Promise<void> {
  for (const [offset, { metadata, ...rest }] of (runs[run] ?? []).slice(from).entries()) {
    const { causationId: _, ...given } = metadata;
    const id = `${run}-${from + offset}`;
    try {
      await bus.publish({ ...rest, id, metadata: given });
      published += 1;
      return;
    } catch (thrown) {
      if (!(thrown instanceof BusError)) throw thrown;
      const { code, message } = thrown;
      if (code === "loop_detected") {
        refused.push(message);
        return;
      }
      if (code !== "event_too_large") throw thrown;
      tooLarge.push(message);
    }
  }
}

await bus.subscribe({ name: "recorded", on: "*", attempts: 1 }, async ({ id }) => {
  const [run = 0, at = 0] = id.split("-").map(Number);
  await publishFrom(run, at + 1);
});
for (const run of runs.keys()) await publishFrom(run, 0);
for (const run of runs.keys()) await bus.settled(runs[run]?.[0]?.metadata.correlationId ?? "", { timeout: "60s" });
const { deadLettered } = await bus.metrics();
await bus.close();
const longest = Math.max(...runs.map((run) => run.length));
console.log(
  `${runs.length} runs, ${published} of ${drafts.length} events published, ${tooLarge.length} too large, ${deadLettered} failed`,
);
console.log(`longest row: ${longest}; false positives: ${refused.length}`);
for (const message of refused) console.log(message);
if (refused.length > 0 || deadLettered > 0) process.exitCode = 1;
