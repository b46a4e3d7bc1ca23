/** One measurement in a process of its own: `one.ts <what> <options as JSON>`; the result is one line of JSON. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { latency } from "./latency.ts";
import { rawRate } from "./raw.ts";
import { size } from "./size.ts";
import { stored } from "./stored.ts";
import { throughput } from "./throughput.ts";

const number = z.number();
const tasks = z.discriminatedUnion("what", [
  z.object({ what: z.literal("raw"), group: number, subscriptions: number, events: number }),
  z.object({ what: z.literal("throughput"), publishers: number, subscriptions: number, events: number }),
  z.object({ what: z.literal("latency"), rate: number, seconds: number }),
  z.object({ what: z.literal("size"), events: number, ownId: z.boolean() }),
  z.object({ what: z.literal("stored"), stored: number, events: number }),
]);

const task = tasks.parse(JSON.parse(process.argv[2] ?? ""));
const folder = mkdtempSync(join(process.env.WAGGLE_BENCH_FOLDER ?? tmpdir(), "waggle-bench-"));
const file = join(folder, "bus.db");
try {
  console.log(JSON.stringify(await measure()));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measure(): Promise<unknown> {
  switch (task.what) {
    case "raw":
      return rawRate(file, task);
    case "throughput":
      return throughput(file, task);
    case "latency":
      return latency(file, task);
    case "size":
      return size(file, task);
    case "stored":
      return stored(file, task);
  }
}
