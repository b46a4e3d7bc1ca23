import { expect, onTestFinished, test } from "vitest";
import type { HistoryQuery } from "../../../lib/engine/queries.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import type { Event } from "../../../lib/event/event.ts";
import { ChangeWatch } from "../../../lib/history/change-watch.ts";
import { LogReader } from "../../../lib/history/log-reader.ts";
import { type TailOptions, tail } from "../../../lib/history/tail.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");

function tailing() {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  const closing = new AbortController();
  onTestFinished(() => closing.abort());
  const reader = new LogReader(engine.log, new ChangeWatch(engine, clock));
  const dependencies = { log: engine.log, reader, closing: closing.signal };
  const append = (id: string, parts: Parameters<typeof anEvent>[0] = {}): Event => {
    const event = anEvent({ id, ...parts });
    void engine.log.append({ event, ownId: false, history: true, inHandler: false });
    return event;
  };
  /** Iterates in the background: what it saw, and how it ended. */
  const follow = (query: HistoryQuery = {}, options: TailOptions = {}) => {
    const events = tail(dependencies, query, options);
    const seen: string[] = [];
    let ended: unknown;
    void (async () => {
      try {
        for await (const { id } of events) seen.push(id);
        ended = "ended";
      } catch (thrown) {
        ended = thrown;
      }
    })();
    return { seen, ended: () => ended };
  };
  return { clock, engine, closing, dependencies, append, follow };
}

test("what is published right after the call is seen, however late the engine tells its end", async () => {
  const { engine, append, follow } = tailing();
  append("before");
  const hold = engine.hold("log.position");
  const { seen } = follow();
  append("after");
  await turn();
  hold.end();
  hold.calls[0]?.release();
  await turn();
  expect(seen).toEqual(["after"]);
});

test("since and until go by when an event was accepted", async () => {
  const { clock, append, follow } = tailing();
  const at = (ms: number) => new Date(clock.now() + ms);
  const [start, second, third] = [at(0), at(1_000), at(2_000)];
  append("a", { time: "2030-01-01T00:00:00.000Z" });
  clock.set(second);
  append("b", { time: "2001-01-01T00:00:00.000Z" });
  const { seen: bounded } = follow({ since: second, until: third }, { since: start });
  const { seen: fromTime } = follow({}, { since: second });
  clock.set(third);
  append("c", { time: "2001-01-01T00:00:00.000Z" });
  await turn();
  expect(bounded).toEqual(["b"]);
  expect(fromTime).toEqual(["b", "c"]);
});

test("a read error ends the loop with it, and no other loop at another position", async () => {
  const { engine, append, follow } = tailing();
  const first = append("a");
  append("b");
  const hold = engine.hold("log.readAfter");
  const [failing, other] = [follow({}, { since: first }), follow()];
  await turn();
  hold.end();
  hold.calls[0]?.reject(down);
  hold.calls[1]?.release();
  append("c");
  await turn();
  expect(failing.ended()).toBe(down);
  expect(other.seen).toEqual(["c"]);
  expect(other.ended()).toBeUndefined();
});

test("a position that cannot be told is for who iterates; who never does has no unhandled rejection", async () => {
  const { dependencies, engine, follow } = tailing();
  engine.fail("log.position", down, down);
  tail(dependencies, {}, {});
  const { ended } = follow();
  await turn();
  expect(ended()).toBe(down);
});

test("a wrong `since` is refused by the call itself", () => {
  const { dependencies } = tailing();
  expect(() => tail(dependencies, {}, { since: "yesterday" })).toThrow(
    expect.objectContaining({ code: "invalid_config", message: expect.stringContaining("since") }),
  );
});

test("two tails share reads", async () => {
  const { engine, append, follow } = tailing();
  const [one, other] = [follow(), follow()];
  await turn();
  append("a");
  append("b");
  await turn();
  expect([one.seen, other.seen]).toEqual([
    ["a", "b"],
    ["a", "b"],
  ]);
  expect(engine.calls("log.readAfter").map(([position]) => position)).toEqual([0, 0, 2]);
});

test("each filters for itself, and what one does not want does not hold it up", async () => {
  const { append, follow } = tailing();
  const [all, failed] = [follow(), follow({ type: "task.failed" })];
  append("a");
  append("b", { type: "task.failed" });
  await turn();
  expect([all.seen, failed.seen]).toEqual([["a", "b"], ["b"]]);
});

test("its signal ends it: while it waits, while a read is under way, and in the middle of a batch", async () => {
  const { dependencies, engine, append, follow } = tailing();
  const idle = new AbortController();
  const waits = follow({}, { signal: idle.signal });
  await turn();
  idle.abort();
  await turn();
  expect(waits.ended()).toBe("ended");

  const first = append("a");
  append("b");
  append("c");
  const hold = engine.hold("log.readAfter");
  const busy = new AbortController();
  const reads = follow({}, { since: first, signal: busy.signal });
  await turn();
  busy.abort();
  await turn();
  expect(reads.ended()).toBe("ended");
  hold.end();
  for (const call of hold.calls) call.release();
  await turn();
  expect(reads.seen).toEqual([]);

  const middle = new AbortController();
  const seen: string[] = [];
  for await (const { id } of tail(dependencies, {}, { since: first, signal: middle.signal })) {
    seen.push(id);
    middle.abort();
  }
  expect(seen).toEqual(["b"]);
});

test("the closing of the bus ends it", async () => {
  const { closing, follow } = tailing();
  const { ended } = follow();
  await turn();
  closing.abort();
  await turn();
  expect(ended()).toBe("ended");
});
