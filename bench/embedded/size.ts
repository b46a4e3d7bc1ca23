import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { connect } from "wagglebus";
import { ManualClock } from "wagglebus/testing";
import { draft, inParallel } from "./load.ts";

/** Bytes of the file for an event that one subscription has handled. */
export interface Size {
  /** While history has it. */
  readonly kept: number;
  /** Once its retention is over and `dedupeFor` (15 days) is not. */
  readonly forgotten: number;
}

/** What an event takes in the file; `ownId`: its publisher gave its id. */
export async function size(file: string, options: { events: number; ownId: boolean }): Promise<Size> {
  const { events, ownId } = options;
  const clock = new ManualClock();
  const bus = await connect({ engine: "embedded", file, source: "bench", logLevel: "silent", clock, retention: "1m" });
  const empty = usedBytes(file);
  await bus.subscribe({ name: "bench", on: "task.*", concurrency: 256 }, () => {});
  await inParallel(100, events, async (number) => {
    await bus.publish({ ...draft(number), ...(ownId ? { id: `own-id-of-the-publisher-${number}` } : {}) });
  });
  await until(async () => (await bus.metrics()).delivered === events);
  const kept = usedBytes(file) - empty;
  await clock.advance("3m");
  await until(async () => (await bus.history.query({ limit: 1 })).events.length === 0);
  const forgotten = usedBytes(file) - empty;
  await bus.close();
  return { kept: kept / events, forgotten: Math.max(0, forgotten) / events };
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await wait(5);
}

/** Pages in use: what is freed is used again. */
function usedBytes(file: string): number {
  const db = new DatabaseSync(file);
  const pragma = (name: string) => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
  const bytes = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  db.close();
  return bytes;
}
