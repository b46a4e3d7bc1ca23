import { expect, test } from "vitest";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import { redrive } from "../../../lib/dead-letters/redrive.ts";
import type { DeadLetter, Delivery } from "../../../lib/engine/delivery.ts";
import { alreadyUnderWay } from "../../../lib/engine/errors.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");
const at = "2026-01-01T00:00:00.000Z";

async function withDeadLetter(parts: Partial<DeadLetter> = {}) {
  const engine = new FakeEngine();
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const reason = { code: "handler_error", message: "broken", at, attempt: 1, ...parts.reason } as const;
  const deadLetter = {
    id: "dead",
    event: anEvent({ id: "event", data: { taskId: "a" } }),
    attempts: 1,
    failures: [reason],
    acceptedAt: at,
    deadAt: at,
    ...parts,
    reason,
  };
  await engine.deadLetters.put(deadLetter);
  const taken: Delivery[] = [];
  const consume = async () => {
    engine.deliveries
      .consume("one", { capacity: () => 100, deliver: (delivery) => taken.push(delivery), expired: () => {} })
      .wake();
    await turn();
    return taken;
  };
  return { engine, deadLetter, consume, run: () => redrive(engine, standardCatalog, "dead") };
}

/** What a redrive did to the stores. */
const written = (engine: FakeEngine) =>
  engine.called.filter((method) => ["deliveries.enqueue", "log.append", "deadLetters.delete"].includes(method));

test("it is queued for the subscription it failed for, then deleted", async () => {
  const { engine, deadLetter, consume, run } = await withDeadLetter({ subscription: "one" });
  await run();
  expect(written(engine)).toEqual(["deliveries.enqueue", "deadLetters.delete"]);
  expect(engine.calls("deliveries.enqueue")).toEqual([["one", [deadLetter.event], { redrivenFrom: "dead" }]]);
  expect(await consume()).toMatchObject([{ event: deadLetter.event, attempt: 1, redriven: true, failures: [] }]);
  expect(await engine.deadLetters.get("dead")).toBeUndefined();
});

test("where it cannot be queued, it stays", async () => {
  const { engine, deadLetter, run } = await withDeadLetter({ subscription: "one" });
  engine.fail("deliveries.enqueue", down);
  await expect(run()).rejects.toBe(down);
  expect(written(engine)).toEqual(["deliveries.enqueue"]);
  expect(await engine.deadLetters.get("dead")).toEqual(deadLetter);
});

test("a delete that fails is told, and harmless: the next redrive does not run it twice", async () => {
  const { engine, consume, run } = await withDeadLetter({ subscription: "one" });
  engine.fail("deadLetters.delete", down);
  await expect(run()).rejects.toBe(down);
  await run().catch(() => {});
  expect(await consume()).toHaveLength(1);
});

test("of two at once, one queues it and the other finds it gone", async () => {
  const { engine, consume, run } = await withDeadLetter({ subscription: "one" });
  const hold = engine.hold("deadLetters.get");
  const both = [run(), run()];
  await turn();
  hold.end();
  for (const call of [...hold.calls].reverse()) call.release();
  const results = await Promise.allSettled(both);
  expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "not_found" } });
  expect(await consume()).toHaveLength(1);
});

test("a subscription that was deleted, also in between, is a conflict that names it", async () => {
  const { engine, run } = await withDeadLetter({ subscription: "one" });
  const hold = engine.hold("deadLetters.get");
  const running = run();
  await turn();
  await engine.subscriptions.delete("one");
  hold.end();
  hold.calls[0]?.release();
  await expect(running).rejects.toMatchObject({ code: "conflict", message: expect.stringContaining("one") });
  expect(await engine.deadLetters.get("dead")).toBeDefined();
});

test("one that is on its way already is told as the engine tells it, and stays", async () => {
  const { engine, run } = await withDeadLetter({ subscription: "one" });
  const conflict = alreadyUnderWay("event", "one");
  engine.fail("deliveries.enqueue", conflict);
  await expect(run()).rejects.toBe(conflict);
  expect(await engine.deadLetters.get("dead")).toBeDefined();
});

test("one that is not there is not found", async () => {
  const { engine } = await withDeadLetter();
  await expect(redrive(engine, standardCatalog, "none")).rejects.toMatchObject({ code: "not_found" });
  expect(written(engine)).toEqual([]);
});

test("one that was never published is published, under the same id, then deleted", async () => {
  const { engine, deadLetter, run } = await withDeadLetter();
  await run();
  expect(written(engine)).toEqual(["log.append", "deadLetters.delete"]);
  expect(engine.calls("log.append")).toEqual([
    [{ event: deadLetter.event, ownId: true, history: true, inHandler: false }],
  ]);
  expect(await engine.log.get("event")).toEqual(deadLetter.event);
});

test("published before a crash, and redriven again, it is a duplicate and no second event", async () => {
  const { engine, run } = await withDeadLetter();
  engine.fail("deadLetters.delete", down);
  await expect(run()).rejects.toBe(down);
  await run();
  expect((await engine.log.query({}, {})).events).toHaveLength(1);
  expect(await engine.deadLetters.get("dead")).toBeUndefined();
});

test("where it cannot be published, it stays", async () => {
  const { engine, run } = await withDeadLetter();
  engine.fail("log.append", down);
  await expect(run()).rejects.toBe(down);
  expect(await engine.deadLetters.get("dead")).toBeDefined();
});

test("a type that history does not keep stays out of it", async () => {
  const event = anEvent({ id: "delta", type: "llm.text.delta", data: { content: "Once" } });
  const { engine, run } = await withDeadLetter({ event });
  await run();
  expect(await engine.log.get("delta")).toBeUndefined();
  expect(engine.calls("log.append")).toMatchObject([[{ history: false }]]);
});

test("what was refused by the catalog is checked again, and stays where it is still wrong", async () => {
  const invalid = { code: "invalid_event", message: "taskId is missing", at, attempt: 0 } as const;
  const wrong = await withDeadLetter({ reason: invalid, event: anEvent({ id: "event", data: {} }) });
  await expect(wrong.run()).rejects.toMatchObject({
    code: "invalid_event",
    message: expect.stringContaining("taskId"),
  });
  expect(written(wrong.engine)).toEqual([]);
  const right = await withDeadLetter({ reason: invalid });
  await right.run();
  expect(await right.engine.log.get("event")).toBeDefined();
});
