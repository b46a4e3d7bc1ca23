import { expect, test } from "vitest";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import { createDeadLetters } from "../../../lib/dead-letters/dead-letters.ts";
import { busClosed } from "../../../lib/engine/errors.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");
const at = "2026-01-01T00:00:00.000Z";
const reason = { code: "handler_error", message: "broken", at, attempt: 1 } as const;

/** An engine with dead letters of these ids, all of one subscription. */
async function withDeadLetters(...ids: string[]) {
  const engine = new FakeEngine();
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  for (const id of ids) {
    const event = anEvent({ id: `event-of-${id}` });
    const times = { acceptedAt: at, deadAt: at };
    await engine.deadLetters.put({ id, subscription: "one", event, reason, attempts: 1, failures: [reason], ...times });
  }
  return { engine, deadLetters: createDeadLetters(() => engine, standardCatalog) };
}

test("each is done by itself: one that the engine cannot do harms no other, and says why", async () => {
  const { engine, deadLetters } = await withDeadLetters("a", "b", "c");
  const hold = engine.hold("deliveries.enqueue");
  const running = deadLetters.redrive(["a", "b", "c"]);
  await turn();
  engine.fail("deliveries.enqueue", down);
  hold.end();
  hold.calls[0]?.release();
  expect(await running).toEqual({ done: ["a", "c"], failed: [{ id: "b", message: "the store is down" }] });
  expect((await deadLetters.list()).deadLetters.map(({ id }) => id)).toEqual(["b"]);
});

test("what is thrown need not be an error of ours", async () => {
  const { engine, deadLetters } = await withDeadLetters("a");
  engine.fail("deadLetters.delete", "a text");
  expect(await deadLetters.discard("a")).toEqual({ done: [], failed: [{ id: "a", message: "a text" }] });
});

test("all ids are known before the first is redriven: one that dies again meanwhile is not met twice", async () => {
  const ids = Array.from({ length: 1_001 }, (_, n) => `id-${String(n).padStart(4, "0")}`);
  const { engine, deadLetters } = await withDeadLetters(...ids);
  const hold = engine.hold("deadLetters.list");
  const running = deadLetters.redrive({ subscription: "one" });
  await turn();
  expect(engine.calls("deliveries.enqueue")).toEqual([]);
  hold.calls[0]?.release();
  await turn();
  expect(engine.calls("deliveries.enqueue")).toEqual([]);
  hold.end();
  hold.calls[1]?.release();
  const { done, failed } = await running;
  expect([done.toSorted(), failed]).toEqual([ids, []]);
});

test("a list that cannot be read whole rejects before anything is done", async () => {
  const { engine, deadLetters } = await withDeadLetters(
    ...Array.from({ length: 1_001 }, (_, n) => `id-${String(n).padStart(4, "0")}`),
  );
  const hold = engine.hold("deadLetters.list");
  const running = deadLetters.discard({ subscription: "one" });
  await turn();
  hold.end();
  engine.fail("deadLetters.list", down);
  hold.calls[0]?.release();
  await expect(running).rejects.toBe(down);
  expect(engine.calls("deadLetters.delete")).toEqual([]);
});

test("discard tells of what is not there", async () => {
  const { deadLetters } = await withDeadLetters("a");
  expect(await deadLetters.discard(["a", "b"])).toMatchObject({
    done: ["a"],
    failed: [{ id: "b", message: expect.stringContaining("b") }],
  });
});

test("a list takes its page, a query that is not one is refused", async () => {
  const { engine, deadLetters } = await withDeadLetters("a", "b");
  expect(await deadLetters.list({ subscription: "one", limit: 1 })).toMatchObject({ deadLetters: [{ id: "b" }] });
  expect(engine.calls("deadLetters.list")).toEqual([[{ subscription: "one" }, { limit: 1 }]]);
  const misspelt: object = { subscriptions: "one" };
  await expect(deadLetters.list(misspelt)).rejects.toMatchObject({ code: "invalid_config" });
  await expect(deadLetters.redrive(misspelt)).rejects.toMatchObject({ code: "invalid_config" });
  await expect(deadLetters.discard(misspelt)).rejects.toMatchObject({ code: "invalid_config" });
});

test("a bus that closes meanwhile does what is left no more", async () => {
  const { engine } = await withDeadLetters("a", "b");
  let closed = false;
  const deadLetters = createDeadLetters(() => {
    if (closed) throw busClosed();
    return engine;
  }, standardCatalog);
  const hold = engine.hold("deadLetters.delete");
  const running = deadLetters.discard(["a", "b"]);
  await turn();
  closed = true;
  hold.end();
  hold.calls[0]?.release();
  expect(await running).toMatchObject({
    done: ["a"],
    failed: [{ id: "b", message: expect.stringContaining("closed") }],
  });
  for (const call of [() => deadLetters.list(), () => deadLetters.get("b"), () => deadLetters.redrive("b")]) {
    await expect(call()).rejects.toMatchObject({ code: "closed" });
  }
});

test.each<[string, unknown, RegExp]>([
  ["a Set of ids", new Set(["a"]), /must be given by an id, a list of ids, or a query .*, not an instance of Set$/],
  ["a Map", new Map([["eventId", "event-of-a"]]), /not an instance of Map$/],
  ["a promise", Promise.resolve("a"), /not an instance of Promise$/],
  ["a promise's list", Promise.resolve(["a"]), /not an instance of Promise$/],
  ["a Date", new Date(0), /not Date 1970/],
  ["a number", 5, /not 5$/],
  ["null", null, /not null$/],
  ["nothing", undefined, /not undefined$/],
  ["a function", () => "a", /not a function$/],
  ["a typed array", new Uint8Array(2), /not an instance of Uint8Array$/],
  ["a list with a hole", ["a", undefined], /id 1 of the list is undefined$/],
  ["a list of dead letters", [{ id: "a" }], /id 0 of the list is \{ id \}$/],
  ["a page's limit", { limit: 1 }, /unknown filter limit/],
  ["a page's cursor", { cursor: "after a" }, /unknown filter cursor/],
  ["a misspelt filter", { subscripton: "one" }, /unknown filter subscripton; did you mean "subscription"/],
  ["a filter that is undefined", { eventId: undefined }, /eventId is undefined, and without it more would be selected/],
])("a redrive or a discard of %s is refused by name, and nothing is done", async (_, which, says) => {
  const { engine, deadLetters } = await withDeadLetters("a", "b");
  for (const call of ["redrive", "discard"] as const) {
    const calling: unknown = Reflect.apply(deadLetters[call], undefined, [which]);
    await expect(calling).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringMatching(new RegExp(`^deadLetters.${call}: .*${says.source}`)),
    });
  }
  expect(engine.calls("deliveries.enqueue")).toEqual([]);
  expect((await deadLetters.list()).deadLetters).toHaveLength(2);
});
