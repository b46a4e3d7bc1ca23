import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { oldestVersion, schemaVersion } from "../../../../../lib/engines/embedded/storage/migrations.ts";
import { messageOf } from "../../../../../lib/error/message-of.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";
import { writeVersion1 } from "./version-1.ts";
import { writeVersion2 } from "./version-2.ts";
import { writeVersion3 } from "./version-3.ts";
import { writeVersion4 } from "./version-4.ts";

/** Writes a file of each past version, all with the same content: see {@link writeVersion1}. */
const writers: ReadonlyMap<number, (file: string) => void> = new Map([
  [1, writeVersion1],
  [2, writeVersion2],
  [3, writeVersion3],
  [4, writeVersion4],
]);

const versionOf = (bench: Bench) => bench.read("PRAGMA user_version")[0]?.user_version;

/** The tables and indexes, without what ALTER TABLE writes in another way. */
function schemaOf(bench: Bench): unknown[] {
  return bench.read("SELECT name, sql FROM sqlite_schema ORDER BY name").map(({ name, sql }) => [
    name,
    String(sql)
      .replaceAll('"', "")
      .replace(/\s+/g, " ")
      .replace(/ ?([(),]) ?/g, "$1"),
  ]);
}

test("there is a file of every past version to try", () => {
  const past = Array.from({ length: schemaVersion - oldestVersion }, (_, index) => oldestVersion + index);
  expect([...writers.keys()]).toEqual(past);
});

describe.each([...writers])("a file of version %i", (_, write) => {
  test("is brought up to date, and has the tables of a new file", async () => {
    const bench = await Bench.make();
    write(bench.file);
    await bench.open();
    expect(versionOf(bench)).toBe(schemaVersion);
    const fresh = await Bench.make();
    await fresh.open();
    expect(schemaOf(bench)).toEqual(schemaOf(fresh));
    expect(bench.read("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  });

  test("goes on: history, counts, subscriptions and what was to be deleted", async () => {
    const bench = await Bench.make();
    write(bench.file);
    const engine = await bench.open();
    expect(await publish(engine, anEvent({ id: "e6" }))).toMatchObject({ duplicate: false });
    expect(await publish(engine, anEvent({ id: "e1", data: { n: 1 } }))).toMatchObject({ duplicate: true });
    const { events } = await engine.log.query({ type: "task.*" }, {});
    expect(events.map(({ event }) => event.id)).toEqual(["e6", "e5", "e4", "e3", "e2", "e1"]);
    expect(await engine.log.stats?.({})).toEqual([{ type: "task.created", count: 6 }]);
    const [state, ...others] = await engine.subscriptions.list();
    expect(state).toMatchObject({ record: aRecord({ on: ["task.*"] }), ephemeral: false, deadLetters: 2 });
    // The ephemeral one has ended with its process.
    expect(others).toEqual([]);
    await eventually("the deleted subscription has no deliveries", () => {
      return bench.read("SELECT * FROM deliveries WHERE sub = 9").length === 0;
    });
    await eventually("nothing more is to be deleted", () => bench.read("SELECT * FROM pending_deletions").length === 0);
    // Numbers of processes are never given twice, as rows name them.
    expect(bench.read("SELECT id FROM processes")).toEqual([{ id: 4 }]);
    expect(bench.errors).toEqual([]);
  });

  test("goes on: deliveries that were ready, delayed, claimed by a process that is gone, or replayed", async () => {
    const bench = await Bench.make();
    write(bench.file);
    const engine = await bench.open();
    expect(await engine.subscriptions.get("one")).toMatchObject({ waiting: 3, delayed: 1, running: 0 });
    const consumer = new TestConsumer(engine, "one");
    expect(await consumer.ids(3)).toEqual(["e1", "e2", "e4"]);
    expect(consumer.held).toMatchObject([
      { replayId: "r1", attempt: 1, event: { metadata: { replay: { id: "r1" } } } },
      { replayId: undefined, attempt: 1 },
      { attempt: 2, failures: [{ code: "process_ended", attempt: 1 }] },
    ]);
    await bench.clock.advance("1h");
    await consumer.ids(4);
    expect(consumer.held[3]).toMatchObject({ event: { id: "e3" }, attempt: 2, failures: [failed(1)] });
    for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
    expect(bench.read("SELECT * FROM deliveries WHERE sub = 1")).toEqual([]);
    expect(bench.wrongDepths()).toEqual([]);
  });

  test("goes on: dead letters, which can be redriven, those of a replay as that replay", async () => {
    const bench = await Bench.make();
    write(bench.file);
    const engine = await bench.open();
    const { deadLetters } = await engine.deadLetters.list({ subscription: "one" }, {});
    expect(deadLetters.map(({ id, replayId, failures }) => [id, replayId, failures])).toEqual([
      ["d2", "r1", [failed(1)]],
      ["d1", undefined, [failed(1)]],
    ]);
    for (const { id, event } of deadLetters) await engine.deliveries.enqueue("one", [event], { redrivenFrom: id });
    const consumer = new TestConsumer(engine, "one");
    await consumer.ids(5);
    const redriven = consumer.held.filter((delivery) => delivery.redriven);
    expect(redriven.map(({ event, replayId, attempt }) => [event.id, replayId, attempt])).toEqual([
      ["e5", undefined, 1],
      ["e5", "r1", 1],
    ]);
    expect((await engine.deadLetters.list({}, {})).deadLetters).toEqual([]);
  });

  test("goes on: an id of before may come again, since nobody knows who gave it", async () => {
    const bench = await Bench.make();
    write(bench.file);
    const engine = await bench.open({ retention: 1_000 });
    await engine.subscriptions.put(aRecord({ on: ["task.*"], dedupeFor: 86_400_000 }), { ephemeral: false });
    const consumer = new TestConsumer(engine, "one");
    await consumer.ids(3);
    for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
    await bench.clock.advance("2m");
    await eventually("e1 has left history", async () => (await engine.log.get("e1")) === undefined);
    expect(bench.read("SELECT id FROM seen WHERE sub = 1 AND id = 'e1'")).toHaveLength(1);
  });

  test("is migrated once where two processes open it at the same time", async () => {
    const bench = await Bench.make();
    write(bench.file);
    const [one, two] = await Promise.all([bench.open(), bench.open()]);
    await publish(one, anEvent({ id: "e6" }));
    expect(await two.log.get("e6")).toBeDefined();
    expect(versionOf(bench)).toBe(schemaVersion);
  });
});

test("a process of version 1 that has the file open fails by name from then on, and leaves nothing half done", async () => {
  const bench = await Bench.make();
  writeVersion1(bench.file);
  const old = new DatabaseSync(bench.file);
  const insertEvent = old.prepare(
    "INSERT INTO events (seq, id, flow, accepted, history, body) VALUES (6, 'half-done', NULL, 0, 1, '{}')",
  );
  const statements = [
    old.prepare("UPDATE deliveries SET state = 1, owner = 3 WHERE sub = 1 AND seq = 2"),
    old.prepare("UPDATE depths SET ready = 0, sharers = NULL WHERE sub = 1"),
    old.prepare("INSERT INTO owners (lock) VALUES ('another')"),
    old.prepare("INSERT INTO doomed VALUES (1)"),
    old.prepare("UPDATE dead_letters SET died = 0"),
  ];
  const engine = await bench.open();
  const messages: string[] = [];
  for (const statement of statements) {
    old.exec("BEGIN IMMEDIATE");
    insertEvent.run();
    try {
      statement.run();
    } catch (thrown) {
      messages.push(messageOf(thrown));
    }
    old.exec("ROLLBACK");
  }
  old.close();
  expect(messages).toEqual([
    "no such column: owner",
    "no such column: sharers",
    "no such table: owners",
    "no such table: doomed",
    "no such column: died",
  ]);
  expect(await engine.log.get("half-done")).toBeUndefined();
  expect(await new TestConsumer(engine, "one").ids(3)).toEqual(["e1", "e2", "e4"]);
  expect(bench.wrongDepths()).toEqual([]);
});

test("a process of version 2 that has the file open goes on beside those of this version", async () => {
  const bench = await Bench.make();
  writeVersion2(bench.file);
  const old = new DatabaseSync(bench.file);
  const insertEvent = old.prepare(
    "INSERT INTO events (seq, id, flow, accepted, history, body) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const count = old.prepare("UPDATE meta SET changes = changes + 1, last_seq = last_seq + 1");
  const engine = await bench.open();
  const event = anEvent({ id: "of-version-2" });
  old.exec("BEGIN IMMEDIATE");
  insertEvent.run(6, event.id, null, bench.clock.now(), 1, JSON.stringify(event));
  count.run();
  old.exec("COMMIT");
  old.close();
  expect(await engine.log.get(event.id)).toEqual(event);
  expect(await publish(engine, anEvent({ id: "after" }))).toMatchObject({ duplicate: false });
  expect(await publish(engine, event)).toMatchObject({ duplicate: true });
});

test("how deliveries ended by version 3 is still told, beside what ends now", async () => {
  const bench = await Bench.make();
  writeVersion3(bench.file);
  const engine = await bench.open();
  const consumer = new TestConsumer(engine, "one");
  await consumer.ids(3);
  for (const delivery of [...consumer.held]) await consumer.settle({ kind: "done" }, delivery);
  const endedOf = async (id: string) => (await engine.deliveries.ended?.(id)) ?? [];
  expect(await endedOf("e1")).toMatchObject([
    { subscription: "gone", outcome: "done", ranMs: 3, totalMs: 7, endedAt: "2025-12-31T23:00:00.007Z" },
    { subscription: "gone", outcome: "dropped", replayId: "r1", totalMs: 2, endedAt: "2025-12-31T23:00:00.009Z" },
    { subscription: "one", outcome: "done", replayId: "r1" },
  ]);
  expect((await endedOf("e2")).map(({ subscription }) => subscription)).toEqual(["gone", "one"]);
});

test("a process of version 3 that has the file open goes on beside those of this version", async () => {
  const bench = await Bench.make();
  writeVersion3(bench.file);
  const old = new DatabaseSync(bench.file);
  const insertEvent = old.prepare(
    "INSERT INTO events (seq, id, flow, accepted, history, body, own) VALUES (?, ?, ?, ?, 1, ?, 0)",
  );
  const insertOutcome = old.prepare("INSERT INTO outcomes (id, at, data) VALUES (2, ?, ?)");
  const insertStats = old.prepare(
    "INSERT INTO stats (minute, type, count) VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET count = count + excluded.count",
  );
  const meta = old.prepare("UPDATE meta SET changes = changes + 1, last_seq = ?");
  const engine = await bench.open();
  await publish(engine, anEvent({ id: "of-this-version" }));
  const event = anEvent({ id: "of-version-3", metadata: { correlationId: "of-version-3" } });
  old.exec("BEGIN IMMEDIATE");
  insertEvent.run(7, event.id, null, bench.clock.now(), JSON.stringify(event));
  insertOutcome.run(bench.clock.now(), '[["one",[7,1,2]]]');
  insertStats.run(Math.floor(bench.clock.now() / 60_000), event.type);
  meta.run(7);
  old.exec("COMMIT");
  old.close();
  expect(await engine.log.get(event.id)).toEqual(event);
  expect(await engine.deliveries.ended?.(event.id)).toMatchObject([{ subscription: "one", ranMs: 1, totalMs: 2 }]);
  await publish(engine, anEvent({ id: "after" }));
  expect(await engine.log.stats?.({})).toEqual([{ type: "task.created", count: 8 }]);
});

test("a file of a version before the first is refused by number, and left as it is", async () => {
  const bench = await Bench.make();
  writeVersion1(bench.file);
  bench.write("PRAGMA user_version = 0");
  await expect(bench.open()).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("an older Waggle: its schema version is 0, this one knows 1 to"),
    details: { file: bench.file, found: 0, supported: schemaVersion },
  });
  expect(bench.read("SELECT name FROM sqlite_schema WHERE name = 'owners'")).toHaveLength(1);
});
