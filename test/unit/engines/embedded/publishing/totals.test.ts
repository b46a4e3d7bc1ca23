import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { BlockBounds } from "../../../../../lib/engines/embedded/publishing/block-bounds.ts";
import { MinuteCounts } from "../../../../../lib/engines/embedded/publishing/minute-counts.ts";
import { createSchema } from "../../../../../lib/engines/embedded/storage/schema.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, publish } from "../bench.ts";

function aFile(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  createSchema(db);
  return db;
}

const boundsOf = (db: DatabaseSync) =>
  db
    .prepare("SELECT block, min_accepted, max_accepted, min_time, max_time FROM blocks")
    .all()
    .map((row) => Object.values(row));

test("a block is bounded a second ahead, so that what comes within it writes nothing", () => {
  const db = aFile();
  const bounds = new BlockBounds(db);
  const add = (seq: number, acceptedAt: number, time: number) => {
    bounds.add(seq, acceptedAt, time);
    bounds.write();
  };
  add(1, 5_000, 4_000);
  expect(boundsOf(db)).toEqual([[0, 5_000, 6_000, 4_000, 5_000]]);
  db.exec("DELETE FROM blocks");
  add(2, 6_000, 5_000);
  expect(boundsOf(db)).toEqual([]);
  add(3, 6_001, 4_000);
  expect(boundsOf(db)).toEqual([[0, 6_001, 7_001, 4_000, 5_000]]);
  // The clock was set back; and an event of long ago.
  add(4, 2_000, 4_000);
  add(5, 2_000, 3);
  expect(boundsOf(db)).toEqual([[0, 2_000, 7_001, 3, 5_000]]);
});

test("each block has bounds of its own, also where one transaction goes over its end, and after what is known is forgotten", () => {
  const db = aFile();
  const bounds = new BlockBounds(db);
  bounds.add(255, 5_000, 5_000);
  bounds.add(256, 5_000, 7_000);
  bounds.write();
  const both = [
    [0, 5_000, 6_000, 5_000, 6_000],
    [1, 5_000, 6_000, 7_000, 8_000],
  ];
  expect(boundsOf(db)).toEqual(both);
  bounds.add(257, 5_000, 7_000);
  bounds.forget();
  bounds.write();
  db.exec("DELETE FROM blocks WHERE block = 1");
  bounds.add(257, 5_000, 7_000);
  bounds.write();
  expect(boundsOf(db)).toEqual(both);
});

test("the counts of the last minute are kept in `meta`, and become rows with the next minute or where they are many", () => {
  const db = aFile();
  const counts = new MinuteCounts(db);
  const rows = () =>
    db
      .prepare("SELECT minute, type, count FROM stats ORDER BY type")
      .all()
      .map((row) => Object.values(row));
  const write = () => {
    const open = counts.write();
    if (open !== null) db.prepare("UPDATE meta SET stats = ?").run(open);
    return open;
  };
  expect(write()).toBe(null);
  for (let n = 0; n < 3; n += 1) {
    counts.add("a.b", 60_000);
    expect(write()).toBe(`{"minute":1,"counts":{"a.b":${n + 1}}}`);
  }
  expect(rows()).toEqual([]);
  counts.forget();
  counts.add("a.c", 60_001);
  expect(write()).toBe('{"minute":1,"counts":{"a.b":3,"a.c":1}}');
  counts.add("a.b", 120_000);
  expect(write()).toBe('{"minute":2,"counts":{"a.b":1}}');
  expect(rows()).toEqual([
    [1, "a.b", 3],
    [1, "a.c", 1],
  ]);
  for (let n = 0; n < 100; n += 1) counts.add(`many.${n}`, 120_000);
  expect(write()).toBe('{"minute":2,"counts":{}}');
  expect(rows()).toHaveLength(103);
  counts.add("a.b", 120_000);
  write();
  counts.settle();
  expect(rows()).toContainEqual([2, "a.b", 2]);
  expect(db.prepare("SELECT stats FROM meta").get()).toEqual({ stats: null });
});

test("two processes that take turns count every event once, and what a rollback took back is not counted", async () => {
  const bench = await Bench.make();
  const [one, two] = [await bench.open({ retention: 60_000 }), await bench.open({ retention: 60_000 })];
  for (let n = 0; n < 6; n += 1) await publish(n % 2 === 0 ? one : two, anEvent({ id: `e${n}` }));
  bench.write(
    "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN new.id = 'refused' BEGIN SELECT raise(ABORT, 'no'); END",
  );
  await expect(publish(one, anEvent({ id: "refused" }))).rejects.toMatchObject({ code: "unavailable" });
  await publish(one, anEvent({ id: "e6" }));
  for (const engine of [one, two]) expect(await engine.log.stats?.({})).toEqual([{ type: "task.created", count: 7 }]);
  await bench.clock.advance("3m");
  await eventually("all are gone", () => bench.read("SELECT * FROM events").length === 0);
  await publish(two, anEvent({ id: "e7" }));
  expect(await one.log.stats?.({})).toEqual([{ type: "task.created", count: 1 }]);
  expect((await one.log.query({ since: new Date(bench.clock.now()) }, {})).events).toHaveLength(1);
});
