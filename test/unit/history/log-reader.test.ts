import { expect, onTestFinished, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { ChangeWatch } from "../../../lib/history/change-watch.ts";
import { LogReader } from "../../../lib/history/log-reader.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");

function reading() {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  const reader = new LogReader(engine.log, new ChangeWatch(engine, clock));
  const append = (...ids: string[]) => {
    for (const id of ids) {
      void engine.log.append({ event: anEvent({ id }), ownId: false, history: true, inHandler: false });
    }
  };
  /** Reads in the background: what it saw, and what ended it. */
  const follow = (from: number | Promise<number> = 0) => {
    const controller = new AbortController();
    const seen: string[] = [];
    let ended: unknown;
    void (async () => {
      try {
        for await (const { events } of reader.after(from, controller))
          seen.push(...events.map(({ event }) => event.id));
        ended = "ended";
      } catch (thrown) {
        ended = thrown;
      }
    })();
    onTestFinished(() => controller.abort());
    return { seen, ended: () => ended, stop: () => controller.abort() };
  };
  return { engine, reader, append, follow };
}

test("the past, then what comes, each event once and in order", async () => {
  const { append, follow } = reading();
  append("a", "b");
  const { seen } = follow();
  await turn();
  expect(seen).toEqual(["a", "b"]);
  append("c");
  append("d");
  await turn();
  expect(seen).toEqual(["a", "b", "c", "d"]);
});

test("a batch says whether the end was reached", async () => {
  const { reader, append } = reading();
  append(...Array.from({ length: 300 }, (_, n) => `event-${n}`));
  const batches: [count: number, atEnd: boolean][] = [];
  for await (const { events, atEnd } of reader.after(0, new AbortController())) {
    batches.push([events.length, atEnd]);
    if (atEnd) break;
  }
  expect(batches).toEqual([
    [256, false],
    [44, false],
    [0, true],
  ]);
});

test("readers at one position share one read, however many they are", async () => {
  const { engine, append, follow } = reading();
  append("a");
  const readers = Array.from({ length: 1_000 }, () => follow());
  await turn();
  expect(readers.every(({ seen }) => seen.join() === "a")).toBe(true);
  expect(engine.calls("log.readAfter")).toEqual([
    [0, 256],
    [1, 256],
  ]);
  append("b");
  await turn();
  expect(readers.every(({ seen }) => seen.join() === "a,b")).toBe(true);
  expect(engine.calls("log.readAfter").slice(2)).toEqual([
    [1, 256],
    [2, 256],
  ]);
});

test("two tails share reads from where the later one has caught up with the other", async () => {
  const { engine, append, follow } = reading();
  append("a", "b");
  const behind = follow(0);
  const ahead = follow(2);
  await turn();
  expect([behind.seen, ahead.seen]).toEqual([["a", "b"], []]);
  const before = engine.calls("log.readAfter").length;
  append("c");
  await turn();
  expect([behind.seen, ahead.seen]).toEqual([["a", "b", "c"], ["c"]]);
  expect(engine.calls("log.readAfter").slice(before)).toEqual([
    [2, 256],
    [3, 256],
  ]);
});

test("a change that comes while a read is under way is not missed", async () => {
  const { engine, append, follow } = reading();
  const hold = engine.hold("log.readAfter");
  const { seen } = follow();
  await turn();
  // Read before it was appended, answered after it was notified.
  append("a");
  await turn();
  hold.end();
  for (const call of hold.calls) call.release();
  await turn();
  expect(seen).toEqual(["a"]);
});

test("a change that is notified late is seen late, and nothing is lost", async () => {
  const { engine, append, follow } = reading();
  const { seen } = follow();
  await turn();
  engine.muteChanges();
  append("a", "b");
  await turn();
  expect(seen).toEqual([]);
  engine.tellChanges();
  await turn();
  expect(seen).toEqual(["a", "b"]);
});

test("a reader that is stopped while its read is under way feeds nobody, and others that share the read are fed", async () => {
  const { engine, append, follow } = reading();
  append("a");
  const hold = engine.hold("log.readAfter");
  const [stopped, other] = [follow(), follow()];
  await turn();
  expect(hold.calls).toHaveLength(1);
  stopped.stop();
  await turn();
  expect(stopped.ended()).toBe("ended");
  hold.end();
  hold.calls[0]?.release();
  await turn();
  expect(stopped.seen).toEqual([]);
  expect(other.seen).toEqual(["a"]);
});

test("a read that fails rejects all who share it; whoever goes on from its position misses nothing", async () => {
  const { engine, append, follow } = reading();
  append("a");
  const readers = [follow(), follow()];
  await turn();
  engine.fail("log.readAfter", down);
  append("b");
  await turn();
  expect(readers.map(({ ended }) => ended())).toEqual([down, down]);
  const again = follow(1);
  await turn();
  expect(again.seen).toEqual(["b"]);
  expect(again.ended()).toBeUndefined();
});

test("answers out of order feed each reader in its own order", async () => {
  const { engine, append, follow } = reading();
  append("a", "b", "c");
  const hold = engine.hold("log.readAfter");
  const [one, other] = [follow(0), follow(2)];
  await turn();
  hold.end();
  for (const call of [...hold.calls].reverse()) call.release();
  await turn();
  expect([one.seen, other.seen]).toEqual([["a", "b", "c"], ["c"]]);
});

test("a position that cannot be told rejects, and the engine is watched no more", async () => {
  const { engine, follow } = reading();
  const { ended } = follow(Promise.reject(down));
  expect(engine.watchers).toBe(1);
  await turn();
  expect(ended()).toBe(down);
  expect(engine.watchers).toBe(0);
});

test("the engine is watched no more once the loop is left, stopped or broken", async () => {
  const { engine, reader, append, follow } = reading();
  append("a");
  for await (const _ of reader.after(0, new AbortController())) break;
  expect(engine.watchers).toBe(0);
  const stopped = follow();
  await turn();
  expect(engine.watchers).toBe(1);
  stopped.stop();
  await turn();
  expect(engine.watchers).toBe(0);
  follow();
  await turn();
  engine.fail("log.readAfter", down);
  append("b");
  await turn();
  expect(engine.watchers).toBe(0);
});
