import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openConnection } from "../../../../../lib/engines/embedded/storage/connection.ts";
import { schemaVersion } from "../../../../../lib/engines/embedded/storage/migrations.ts";
import { storeError } from "../../../../../lib/engines/embedded/storage/sqlite-error.ts";
import { turn } from "../../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const large = "x".repeat(20_000);

test("a file of a newer schema version is refused by number, and left as it is", async () => {
  const bench = await Bench.make();
  await (await bench.open()).close();
  bench.write(`PRAGMA user_version = ${schemaVersion + 1}`);
  await expect(bench.open()).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("upgrade wagglebus"),
    details: { file: bench.file, found: schemaVersion + 1, supported: schemaVersion },
  });
  bench.write(`PRAGMA user_version = ${schemaVersion}`);
  await bench.open();
});

test("another program's database is refused, and gets no table", async () => {
  const bench = await Bench.make();
  bench.write("CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('mine')");
  await expect(bench.open()).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("another program"),
  });
  bench.write("PRAGMA application_id = 4711");
  await expect(bench.open()).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("4711"),
  });
  expect(bench.read("SELECT name FROM sqlite_schema")).toEqual([{ name: "notes" }]);
});

test("a file that is not a database is refused, and left as it is", async () => {
  const bench = await Bench.make();
  const content = "not a database, but somebody's notes\n".repeat(200);
  writeFileSync(bench.file, content);
  await expect(bench.open()).rejects.toMatchObject({
    code: "unavailable",
    retryable: false,
    message: expect.stringContaining("not a SQLite file"),
  });
  expect(readFileSync(bench.file, "utf8")).toBe(content);
});

test("a corrupt file fails what meets the damage, with its name and what to do", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  for (let number = 0; number < 50; number += 1) await publish(engine, anEvent({ id: `e${number}`, data: { large } }));
  await engine.close();
  const bytes = readFileSync(bench.file);
  bytes.fill(0xff, 4_096 * 3, bytes.length - 4_096);
  writeFileSync(bench.file, bytes);
  const failure = await bench
    .open()
    .then((reopened) => reopened.log.query({}, {}))
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(failure).toMatchObject({
    code: "unavailable",
    retryable: false,
    message: expect.stringContaining(bench.file),
  });
});

test.each(["meta", "events", "subscriptions", "deliveries", "depths", "processes", "seen", "dead_letters"])(
  "a file that lacks the table %s is refused with what to do, and what SQLite says",
  async (table) => {
    const bench = await Bench.make();
    await (await bench.open()).close();
    bench.write(`DROP TABLE ${table}`);
    await expect(bench.open()).rejects.toMatchObject({
      code: "unavailable",
      retryable: false,
      message:
        `${bench.file}: the file lacks what a bus needs; another program has changed it; restore a copy, or move it away ` +
        `to start anew (no such table: ${table})`,
    });
  },
);

test.each([
  ["deleted", () => {}],
  ["replaced by another one", (bench: Bench) => copyFileSync(`${bench.file}-copy`, bench.file)],
])("that the file was %s is noticed, and nothing more is accepted", async (what, then) => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await publish(engine, anEvent({ id: "a" }));
  copyFileSync(bench.file, `${bench.file}-copy`);
  for (const ending of ["", "-wal", "-shm"]) rmSync(`${bench.file}${ending}`, { force: true });
  then(bench);
  const error = { code: "unavailable", retryable: false, message: expect.stringContaining(`the file was ${what}`) };
  await expect(publish(engine, anEvent({ id: "b" }))).rejects.toMatchObject(error);
  await expect(engine.subscriptions.put(aRecord(), { ephemeral: false })).rejects.toMatchObject(error);
  await eventually("it is reported", () => bench.errors.length > 0);
  await engine.close();
  expect(bench.errors).toMatchObject([error]);
});

test("a lock that another program holds is waited for without holding up the event loop", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const other = new DatabaseSync(bench.file);
  other.exec("BEGIN IMMEDIATE");
  let published = false;
  const publishing = publish(engine, anEvent({ id: "a" })).then(() => {
    published = true;
  });
  let turns = 0;
  await eventually("the loop turns on", () => ++turns > 20);
  expect(published).toBe(false);
  other.exec("COMMIT");
  await publishing;
  other.close();
});

test("a lock held for longer than `lockWaitMs` fails the callers, who may try again; nothing else is lost", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ lockWaitMs: 30 });
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const consumer = new TestConsumer(engine, "one");
  await publish(engine, anEvent({ id: "a" }));
  const other = new DatabaseSync(bench.file);
  other.exec("BEGIN IMMEDIATE");
  const settling = consumer.settle();
  const error = { code: "unavailable", retryable: true, message: expect.stringContaining("write lock") };
  await expect(publish(engine, anEvent({ id: "b" }))).rejects.toMatchObject(error);
  await expect(engine.subscriptions.put(aRecord({ name: "two" }), { ephemeral: false })).rejects.toMatchObject(error);
  expect(await engine.log.get("a")).toBeDefined();
  other.exec("COMMIT");
  other.close();
  await settling;
  await publish(engine, anEvent({ id: "b" }));
  expect(await consumer.ids(1)).toEqual(["b"]);
});

test("on a full disk a publish fails, what ran is still recorded, and later publishes work again", async () => {
  const bench = await Bench.make();
  const file = bench.file;
  const db = await openConnection({ file, synchronous: "full", lockWaitMs: 1_000, random: Math.random });
  const engine = await bench.open({ db });
  await engine.subscriptions.put(aRecord({ concurrency: 1_000 }), { ephemeral: false });
  const consumer = new TestConsumer(engine, "one");
  for (let number = 0; number < 20; number += 1) await publish(engine, anEvent({ id: `e${number}` }));
  const pages = Number(db.prepare("PRAGMA page_count").get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${pages + 1}`);
  let recorded = false;
  const settled = Promise.all([...consumer.held].map((delivery) => consumer.settle({ kind: "done" }, delivery)));
  settled.then(() => {
    recorded = true;
  });
  // Publishers that go on trying must not keep the ends of the runs from being recorded.
  while (!recorded) {
    await expect(publish(engine, anEvent({ id: "large", data: { large } }))).rejects.toMatchObject({
      code: "unavailable",
      retryable: true,
      message: expect.stringContaining("disk is full"),
    });
  }
  expect(await engine.log.get("large")).toBeUndefined();
  expect(await engine.subscriptions.get("one")).toMatchObject({ running: 0, waiting: 0 });
  db.exec("PRAGMA max_page_count = 1000000");
  await publish(engine, anEvent({ id: "large", data: { large } }));
  expect(await consumer.ids(1)).toEqual(["large"]);
  expect(bench.wrongDepths()).toEqual([]);
});

/** Five deliveries are held, whose dead letters the file has no room for. */
async function onFullDisk(bench: Bench) {
  const file = bench.file;
  const db = await openConnection({ file, synchronous: "full", lockWaitMs: 1_000, random: Math.random });
  const engine = await bench.open({ db });
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const consumer = new TestConsumer(engine, "one");
  for (let number = 0; number < 5; number += 1) await publish(engine, anEvent({ id: `e${number}`, data: { large } }));
  await consumer.ids(5);
  db.exec(`PRAGMA max_page_count = ${Number(db.prepare("PRAGMA page_count").get()?.page_count)}`);
  const settled = [...consumer.held].map((delivery) => consumer.settle({ kind: "dead", failure: failed(1) }, delivery));
  return { db, engine, settled: Promise.allSettled(settled) };
}

test("a close on a full disk waits until there is room, and then all ends of attempts are written", async () => {
  const bench = await Bench.make();
  const { db, engine, settled } = await onFullDisk(bench);
  const closing = engine.close();
  await bench.closeWaits();
  db.exec("PRAGMA max_page_count = 1000000");
  await closing;
  expect(await settled).toMatchObject(Array.from({ length: 5 }, () => ({ status: "fulfilled" })));
  expect(bench.read("SELECT count(*) AS count FROM dead_letters")).toEqual([{ count: 5 }]);
  expect(bench.errors).toMatchObject([{ code: "unavailable", message: expect.stringContaining("disk is full") }]);
});

test("a close on a disk that stays full waits, and then says what it could not write; those deliveries run again", async () => {
  const bench = await Bench.make();
  const { engine, settled } = await onFullDisk(bench);
  const closed = engine.close().then(
    () => "closed",
    (error: unknown) => error,
  );
  await bench.closeWaits();
  expect(bench.errors).toMatchObject([{ message: expect.stringContaining("disk is full") }]);
  await bench.clock.advance(9_999);
  expect(await Promise.race([closed, turn()])).toBeUndefined();
  await bench.clock.advance(1);
  expect(await closed).toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("disk is full"),
    details: { unwritten: 5 },
  });
  expect(await settled).toMatchObject(Array.from({ length: 5 }, () => ({ status: "rejected" })));
  const next = await bench.open();
  const consumer = new TestConsumer(next, "one");
  expect(await consumer.ids(5)).toHaveLength(5);
  expect(consumer.held[0]).toMatchObject({ attempt: 2, failures: [{ code: "process_ended" }] });
});

test("on a read-only store a publish fails with the fix; reading goes on", async () => {
  const bench = await Bench.make();
  const file = bench.file;
  const db = await openConnection({ file, synchronous: "full", lockWaitMs: 1_000, random: Math.random });
  const engine = await bench.open({ db });
  await publish(engine, anEvent({ id: "a" }));
  db.exec("PRAGMA query_only = 1");
  await expect(publish(engine, anEvent({ id: "b" }))).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("read-only"),
  });
  expect(await engine.log.get("a")).toBeDefined();
  db.exec("PRAGMA query_only = 0");
  await publish(engine, anEvent({ id: "b" }));
});

test("a folder that cannot be created is told by name", async () => {
  const bench = await Bench.make();
  mkdirSync(dirname(bench.file), { recursive: true });
  writeFileSync(bench.file, "");
  await expect(bench.open({ file: `${bench.file}/below/bus.db` })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("folder"),
  });
});

test("what SQLite says is told in words, with a fix", () => {
  const error = (errcode: number) => storeError("/data/bus.db", Object.assign(new Error("raw"), { errcode }));
  expect(error(8)).toMatchObject({
    code: "unavailable",
    retryable: true,
    message: expect.stringContaining("permission"),
  });
  expect(error(10 | (3 << 8)).message).toContain("check the disk");
  expect(error(14).message).toContain("cannot be opened");
  expect(error(11)).toMatchObject({ retryable: false });
  expect(error(1).message).toBe("/data/bus.db: the store failed (raw)");
});
