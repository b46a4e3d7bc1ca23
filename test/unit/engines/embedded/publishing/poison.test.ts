import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import type { Event } from "../../../../../lib/event/event.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, failed, publish, TestConsumer } from "../bench.ts";

const lasting = { ephemeral: false };
const at = "2026-01-01T00:00:00.000Z";

/** An object with a field that no column and no JSON can hold. */
function unwritable<Value extends object>(value: Value, field: keyof Value): Value {
  return Object.defineProperty({ ...value }, field, { value: 2n ** 70n, enumerable: true });
}

/** JSON leaves a symbol out, so that what cannot be bound is met by the transaction. */
function unbindable(event: Event): Event {
  return Object.defineProperty({ ...event }, "id", { value: Symbol("id"), enumerable: true });
}

/** 400 publishes of others, in the same groups as what cannot be written. */
function neighbours(engine: Engine): Promise<unknown>[] {
  return Array.from({ length: 400 }, (_, number) => publish(engine, anEvent({ id: `n${number}`, type: "other.made" })));
}

async function published(bench: Bench, publishes: readonly Promise<unknown>[]): Promise<void> {
  expect((await Promise.allSettled(publishes)).filter(({ status }) => status === "rejected")).toEqual([]);
  expect(bench.read("SELECT count(*) AS count FROM events WHERE id LIKE 'n%'")).toEqual([{ count: 400 }]);
  expect(bench.wrongDepths()).toEqual([]);
}

test("a consumer that takes such news by itself gets no promises, and hears of the end that cannot be written", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ on: ["task.*"], concurrency: 100 }), lasting);
  const heard: unknown[] = [];
  const consumer = Object.assign(new TestConsumer(engine, "one"), {
    unrecorded: (error: unknown) => heard.push(error),
  });
  await Promise.all(Array.from({ length: 20 }, (_, number) => publish(engine, anEvent({ id: `e${number}` }))));
  const [first, ...others] = consumer.held;
  const outcome = { kind: "dead", failure: unwritable(failed(1), "stack") } as const;
  for (const one of consumer.held) {
    expect(engine.deliveries.settle(one, one === first ? outcome : { kind: "done" })).toBeUndefined();
  }
  await eventually("the others are written", () => bench.read("SELECT seq FROM deliveries").length === 1);
  expect(others).toHaveLength(19);
  expect(heard).toEqual([]);
  const closing = engine.close().catch((error: unknown) => error);
  await bench.closeWaits();
  await bench.clock.advance(10_000);
  const error = await closing;
  expect(error).toMatchObject({ code: "unavailable", details: { unwritten: 1 } });
  expect(heard).toEqual([error]);
});

test.each([
  ["retry", (failure: ReturnType<typeof failed>) => ({ kind: "retry", afterMs: 0, failure }) as const],
  ["dead letter", (failure: ReturnType<typeof failed>) => ({ kind: "dead", failure }) as const],
])("a %s that cannot be written is reported once, and harms no other settlement and no publish", async (_, outcome) => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ on: ["task.*"], concurrency: 100 }), lasting);
  await engine.subscriptions.put(aRecord({ name: "two", on: ["other.*"], concurrency: 1_000 }), lasting);
  const [one, two] = [new TestConsumer(engine, "one"), new TestConsumer(engine, "two")];
  await Promise.all(Array.from({ length: 20 }, (_, number) => publish(engine, anEvent({ id: `e${number}` }))));
  const [first, ...others] = one.held;
  expect(others).toHaveLength(19);

  const unwritten = one.settle(outcome(unwritable(failed(1), "stack")), first).catch((error: unknown) => error);
  const settled = others.map((delivery) => one.settle({ kind: "done" }, delivery));
  await published(bench, neighbours(engine));
  await Promise.all(settled);
  await two.ids(400);
  await Promise.all([...two.held].map((delivery) => two.settle({ kind: "done" }, delivery)));

  expect(await engine.subscriptions.get("two")).toMatchObject({ running: 0, waiting: 0 });
  expect(await engine.deliveries.pending?.("e1")).toEqual([]);
  expect(await engine.deliveries.pending?.("e0")).toMatchObject([{ state: "running" }]);
  expect(bench.errors).toMatchObject([{ code: "unavailable" }]);

  const closing = engine.close().catch((error: unknown) => error);
  await bench.closeWaits();
  await bench.clock.advance(10_000);
  expect(await closing).toMatchObject({ code: "unavailable", details: { unwritten: 1 } });
  expect(await unwritten).toMatchObject({ code: "unavailable" });
  const next = await bench.open();
  expect(await new TestConsumer(next, "one").ids(1)).toEqual(["e0"]);
});

test("a publish that cannot be written is rejected alone", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  const others = neighbours(engine);
  const bad = [publish(engine, unbindable(anEvent())), publish(engine, unwritable(anEvent(), "data"))];
  const more = publish(engine, anEvent({ id: "last" }));
  expect(await Promise.allSettled(bad)).toMatchObject([
    { status: "rejected", reason: { code: "unavailable" } },
    { status: "rejected", reason: { code: "invalid_event" } },
  ]);
  await published(bench, others);
  await more;
  expect(bench.errors).toEqual([]);
});

test("a dead letter, a subscription or a replay that cannot be written is rejected alone", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord(), lasting);
  const others = neighbours(engine);
  const letter = {
    id: "l",
    event: anEvent(),
    reason: failed(1),
    attempts: 1,
    failures: [],
    acceptedAt: at,
    deadAt: at,
  };
  const bad = [
    engine.deadLetters.put(unwritable(letter, "attempts")),
    engine.deadLetters.put({ ...letter, event: unwritable(anEvent(), "data") }),
    engine.subscriptions.put(unwritable(aRecord({ name: "two" }), "timeout"), lasting),
    engine.deliveries.enqueue("one", [anEvent({ id: "p" }), unbindable(anEvent())], { replayId: "r" }),
  ];
  expect((await Promise.allSettled(bad)).map(({ status }) => status)).toEqual(bad.map(() => "rejected"));
  await published(bench, others);
  expect((await engine.deadLetters.list({}, {})).deadLetters).toEqual([]);
  expect((await engine.subscriptions.list()).map(({ record }) => record.name)).toEqual(["one"]);
  expect(bench.read("SELECT count(*) AS count FROM deliveries WHERE replay <> 0")).toEqual([{ count: 0 }]);
});

test("a delivery that cannot be claimed is reported, and stops no publish and no settlement", async () => {
  const bench = await Bench.make();
  const engine = await bench.open();
  await engine.subscriptions.put(aRecord({ on: ["task.*"] }), lasting);
  await engine.subscriptions.put(aRecord({ name: "two", on: ["task.*"] }), lasting);
  await publish(engine, anEvent({ id: "a" }));
  const two = new TestConsumer(engine, "two");
  await two.ids(1);
  bench.write("UPDATE deliveries SET attempts = 'none' WHERE sub = (SELECT id FROM subscriptions WHERE name = 'one')");
  const one = new TestConsumer(engine, "one");
  await eventually("the broken row was met", () => bench.errors.length > 0);

  await two.settle();
  await published(bench, neighbours(engine));
  expect(bench.errors).toMatchObject([{ code: "unavailable", message: expect.stringContaining("row is broken") }]);
  bench.write("UPDATE deliveries SET attempts = 0 WHERE attempts = 'none'");
  expect(await one.ids(1)).toEqual(["a"]);
});
