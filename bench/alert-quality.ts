// How well alerts foretell that a run fails: precision and recall of rules over recorded runs.
// node bench/alert-quality.ts FOLDER: a folder of NDJSON, one event a line. A run (its correlationId) is labelled by its own
// `task.completed` or `task.failed`; only what was raised before that counts.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { measureAlerts } from "./alert-quality/measure.ts";

const folder = process.argv[2] ?? join(import.meta.dirname, "../test/fixtures/alert-runs");
const event = z.looseObject({
  type: z.string(),
  source: z.string(),
  time: z.string().optional(),
  data: z.unknown(),
  metadata: z.looseObject({ correlationId: z.string() }),
});
const events = readdirSync(folder)
  .filter((name) => name.endsWith(".ndjson"))
  .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n"))
  .filter((line) => line !== "")
  .map((line) => event.parse(JSON.parse(line)));
console.log(`${events.length} events in ${folder}`);
console.table(measureAlerts(events));
