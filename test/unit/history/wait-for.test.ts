import { expect, test } from "vitest";
import * as z from "zod";
import { standardCatalog } from "../../../lib/catalog/index.ts";
import { runContext } from "../../../lib/delivery/run-context.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { type Catalog, createCatalog } from "../../../lib/event/catalog.ts";
import type { Event } from "../../../lib/event/event.ts";
import { defineEvent } from "../../../lib/event/index.ts";
import { ChangeWatch } from "../../../lib/history/change-watch.ts";
import type { EventMatchers } from "../../../lib/history/event-matcher.ts";
import { LogReader } from "../../../lib/history/log-reader.ts";
import { type WaitOptions, waitFor } from "../../../lib/history/wait-for.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

const down = new BusError("unavailable", "the store is down");

function waiting(catalog: Catalog = standardCatalog) {
  const clock = new ManualClock();
  const engine = new FakeEngine({ clock });
  const closing = new AbortController();
  const reader = new LogReader(engine.log, new ChangeWatch(engine, clock));
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  const dependencies = { log: engine.log, catalog, clock, logger, reader, closing: closing.signal };
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
  return { clock, engine, closing, dependencies, warnings, wait, append, left };
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

test("what a wait that was ended had asked for is not given to the next: each event counts once", async () => {
  const { clock, engine, wait, append } = waiting();
  const hold = engine.hold("log.readAfter");
  const controller = new AbortController();
  const ended = wait("task.created", { signal: controller.signal });
  await turn();
  controller.abort();
  await expect(ended).rejects.toMatchObject({ code: "aborted" });
  const next = wait({ count: 2, of: ["task.created"] }, { timeout: "1s" });
  await turn();
  const event = append("a");
  hold.end();
  for (const call of hold.calls) call.release();
  await clock.advance("1s");
  await expect(next).rejects.toMatchObject({ code: "timeout", details: { found: 1, events: [event] } });
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

test("what came before the time was up is not lost: it is in the details, counted", async () => {
  const { clock, closing, wait, append } = waiting();
  const two = wait({ count: 2, of: ["task.*"] }, { timeout: "1s" });
  const all = wait({ all: ["task.failed", "task.created", { on: "task.as*" }] }, { timeout: "1s" });
  const controller = new AbortController();
  const aborted = wait({ count: 3, of: ["task.*"] }, { signal: controller.signal });
  const closed = wait({ count: 3, of: ["task.*"] });
  await turn();
  const created = append("a");
  await clock.advance("1s");
  await expect(two).rejects.toMatchObject({
    code: "timeout",
    message: expect.stringMatching(/^1 of 2 events came within 1000 ms for 2 of task\.\*; give a longer `timeout`/),
    details: { timeoutMs: 1_000, found: 1, wanted: 2, events: [created] },
  });
  await expect(all).rejects.toMatchObject({
    code: "timeout",
    message: expect.stringContaining("none for task.failed, task.as*;"),
    details: { found: 1, wanted: 3, events: [created], missing: ["task.failed", "task.as*"] },
  });
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ code: "aborted", details: { found: 1, wanted: 3, events: [created] } });
  closing.abort();
  await expect(closed).rejects.toMatchObject({ code: "closed", details: { found: 1, wanted: 3, events: [created] } });
});

test("a throwing upcast rejects the one that meets it, and no other that shares its read", async () => {
  const moved = defineEvent("task.moved", {
    version: 2,
    data: z.looseObject({ to: z.string() }),
    older: [
      {
        version: 1,
        data: z.looseObject({}),
        upcast: () => {
          throw new Error("no such field");
        },
      },
    ],
  });
  const { wait, append } = waiting(createCatalog([moved], { open: true }));
  const meets = wait(moved);
  const others = [wait("task.created"), wait({ count: 2, of: ["task.created"] })];
  await turn();
  append("old", "task.moved");
  const events = [append("a"), append("b")];
  await expect(meets).rejects.toMatchObject({ code: "invalid_event", message: expect.stringContaining("task.moved") });
  expect(await Promise.all(others)).toEqual([events[0], events]);
});

test("in a handler a wait ends with its attempt", async () => {
  const { dependencies, left } = waiting();
  const controller = new AbortController();
  const late = new BusError("timeout", "its time was up");
  const { signal } = controller;
  const run = { event: anEvent(), subscription: "readers", aborted: undefined, signal, track: () => {} };
  const result = runContext.run(run, () => waitFor(dependencies, "task.created"));
  await turn();
  controller.abort(late);
  await expect(result).rejects.toMatchObject({
    code: "aborted",
    message: "waitFor was aborted with the attempt that waits for it (its time was up)",
    cause: late,
  });
  expect(await left()).toEqual(nothing);
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

test("a name with * that matches no type of the catalog is logged with the nearest that does", async () => {
  const { wait, warnings, closing } = waiting();
  const waits = [wait("memry.*"), wait({ any: ["task.*", "*.faild", "custom.*", "*.of_mine", "*"] }), wait("order.*")];
  closing.abort();
  await Promise.allSettled(waits);
  expect(warnings).toEqual([
    'waitFor: memry.* matches no type of the catalog; did you mean "memory.*"?',
    'waitFor: *.faild matches no type of the catalog; did you mean "*.failed"?',
    "waitFor: order.* matches no type of the catalog; add the definitions to the catalog",
  ]);
});
