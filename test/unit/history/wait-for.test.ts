import { expect, test } from "vitest";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import type { Event } from "../../../lib/event/event.ts";
import { ChangeWatch } from "../../../lib/history/change-watch.ts";
import type { EventMatchers } from "../../../lib/history/event-matcher.ts";
import { LogReader } from "../../../lib/history/log-reader.ts";
import { type WaitOptions, waitFor } from "../../../lib/history/wait-for.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");

function waiting() {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  const closing = new AbortController();
  const reader = new LogReader(engine.log, new ChangeWatch(engine, clock));
  const dependencies = { log: engine.log, catalog: standardCatalog, clock, reader, closing: closing.signal };
  const wait = (want: EventMatchers = "task.created", options?: WaitOptions) => {
    const result = waitFor(dependencies, want, options);
    result.catch(() => {});
    return result;
  };
  const append = (id: string, type = "task.created"): Event => {
    const event = anEvent({ id, type });
    void engine.log.append({ event, ownId: false, history: true, inHandler: false });
    return event;
  };
  /** What is left of a wait: timers, and a watch of the engine. */
  const left = async () => {
    await turn();
    return { timer: clock.nextDue, watchers: engine.watchers };
  };
  return { clock, engine, closing, dependencies, wait, append, left };
}

const nothing = { timer: undefined, watchers: 0 };

test("a read error while it scans the past rejects the waiter, and leaves nothing behind", async () => {
  const { engine, wait, append, left } = waiting();
  const first = append("a");
  engine.fail("log.readAfter", down);
  await expect(wait("task.failed", { since: first })).rejects.toBe(down);
  expect(await left()).toEqual(nothing);
});

test("a read error while it waits rejects the waiter, too", async () => {
  const { engine, wait, append, left } = waiting();
  const result = wait();
  await turn();
  engine.fail("log.readAfter", down);
  append("a");
  await expect(result).rejects.toBe(down);
  expect(await left()).toEqual(nothing);
});

test("a position that cannot be told rejects the waiter", async () => {
  const { engine, wait, append, left } = waiting();
  engine.fail("log.position", down);
  await expect(wait()).rejects.toBe(down);
  const first = append("a");
  engine.fail("log.position", down, down);
  await expect(wait("task.created", { since: first })).rejects.toBe(down);
  expect(await left()).toEqual(nothing);
});

test("a wrong `since` is refused, and an end that cannot be told is nobody's unhandled rejection", async () => {
  const { engine, wait, left } = waiting();
  engine.fail("log.position", down);
  await expect(wait("task.created", { since: "yesterday" })).rejects.toMatchObject({ code: "invalid_config" });
  expect(await left()).toEqual(nothing);
});

test("the end is that of the call, however late the engine tells it", async () => {
  const { engine, wait, append } = waiting();
  append("before");
  const hold = engine.hold("log.position");
  const result = wait();
  const next = append("next");
  await turn();
  hold.end();
  hold.calls[0]?.release();
  expect(await result).toEqual(next);
});

test("its time is up while the engine answers no read: it ends once what was there is looked at", async () => {
  const { clock, engine, wait, append } = waiting();
  const first = append("a");
  const found = append("b");
  const hold = engine.hold("log.readAfter");
  const result = wait("task.created", { since: first, timeout: 0 });
  await clock.advance("1m");
  hold.end();
  hold.calls[0]?.release();
  expect(await result).toEqual(found);
});

test("timeout 0 without `since` ends at once, and says what it waited for", async () => {
  const { clock, wait, append, left } = waiting();
  append("a");
  const result = wait({ on: "task.created", where: { source: ["planner"] } }, { timeout: 0 });
  await clock.advance(0);
  await expect(result).rejects.toMatchObject({ code: "timeout", message: expect.stringContaining("planner") });
  expect(await left()).toEqual(nothing);
});

test("the timeout is 30 s where none is given", async () => {
  const { clock, wait } = waiting();
  let ended = false;
  const result = wait().finally(() => {
    ended = true;
  });
  result.catch(() => {});
  await clock.advance(29_999);
  expect(ended).toBe(false);
  await clock.advance(1);
  await expect(result).rejects.toMatchObject({ code: "timeout", details: { timeoutMs: 30_000 } });
});

test("its signal ends it while a read is under way", async () => {
  const { engine, wait, left } = waiting();
  const hold = engine.hold("log.readAfter");
  const controller = new AbortController();
  const result = wait("task.created", { signal: controller.signal });
  await turn();
  expect(hold.calls).toHaveLength(1);
  controller.abort(new Error("not needed"));
  await expect(result).rejects.toMatchObject({ code: "aborted", cause: new Error("not needed") });
  expect(await left()).toEqual(nothing);
});

test("the closing of the bus ends it as closed", async () => {
  const { closing, wait, left } = waiting();
  const result = wait();
  await turn();
  closing.abort();
  await expect(result).rejects.toMatchObject({ code: "closed" });
  expect(await left()).toEqual(nothing);
});

test("what this process had at the call is not new, though it comes after the end; with `since` it counts", async () => {
  const { dependencies, engine, wait, append } = waiting();
  const first = append("first");
  const log = { ...bound(engine), recentlySeen: () => (event: Event) => event.id === "known" };
  const result = waitFor({ ...dependencies, log }, "task.created");
  await turn();
  const known = append("known");
  const next = append("next");
  expect(await result).toEqual(next);
  expect(await wait("task.created", { since: first })).toEqual(known);
});

test("a thousand that wait share the reads of one", async () => {
  const { engine, wait, append } = waiting();
  const results = Array.from({ length: 1_000 }, () => wait());
  await turn();
  const before = engine.calls("log.readAfter").length;
  const event = append("a");
  expect(await Promise.all(results)).toEqual(Array(1_000).fill(event));
  expect(before).toBe(1);
  expect(engine.calls("log.readAfter")).toHaveLength(2);
});

test("several wants are met by what comes, in batches", async () => {
  const { wait, append } = waiting();
  const all = wait({ all: ["task.failed", "task.created"] });
  const any = wait({ any: ["task.failed", "task.assigned"] });
  const two = wait({ count: 2, of: ["task.*"] });
  await turn();
  const [created, failed] = [append("a"), append("b", "task.failed")];
  append("c", "task.assigned");
  expect(await all).toEqual([failed, created]);
  expect(await any).toEqual(failed);
  expect(await two).toEqual([created, failed]);
});

/** The methods of the log, apart from the engine. */
function bound({ log }: FakeEngine): typeof log {
  return {
    append: (entry) => log.append(entry),
    get: (id) => log.get(id),
    query: (query, page) => log.query(query, page),
    position: (of) => log.position(of),
    readAfter: (position, limit) => log.readAfter(position, limit),
  };
}
