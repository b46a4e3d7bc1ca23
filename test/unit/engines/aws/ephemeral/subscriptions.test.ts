import { expect, test } from "vitest";
import type { DeadLetter, Delivery } from "../../../../../lib/engine/delivery.ts";
import type { Consumer } from "../../../../../lib/engine/delivery-queue.ts";
import type { LogEntry, PositionOf } from "../../../../../lib/engine/event-log.ts";
import { EphemeralSubscriptions } from "../../../../../lib/engines/aws/ephemeral/subscriptions.ts";
import { BusError } from "../../../../../lib/error/bus-error.ts";
import { createCatalog } from "../../../../../lib/event/catalog.ts";
import { ChangeWatch } from "../../../../../lib/history/change-watch.ts";
import { LogReader } from "../../../../../lib/history/log-reader.ts";
import { systemClock } from "../../../../../lib/runtime/clock.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";

/** A log in memory: positions are texts, as the table's are. */
class Log {
  readonly all: LogEntry[] = [];
  readonly #listeners = new Set<() => void>();
  /** Reads that are to fail. */
  failing = 0;

  append(id: string, type = "task.created"): void {
    const position = positionAt(this.all.length + 1);
    this.all.push({ event: anEvent({ id, type }), acceptedAt: 1_000 + this.all.length, position });
    for (const listener of this.#listeners) listener();
  }

  async position(of: PositionOf): Promise<string> {
    return of === "end" ? positionAt(this.all.length) : positionAt(0);
  }

  async readAfter(position: string | number, limit: number) {
    if (this.failing > 0) {
      this.failing -= 1;
      throw new BusError("unavailable", "the table does not answer");
    }
    const events = this.all.filter((recorded) => recorded.position > position).slice(0, limit);
    return { events, position: events.at(-1)?.position ?? position };
  }

  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get watched(): boolean {
    return this.#listeners.size > 0;
  }
}

function positionAt(n: number): string {
  return String(n).padStart(6, "0");
}

function setUp() {
  const log = new Log();
  const deadLetters: DeadLetter[] = [];
  const errors: BusError[] = [];
  let retryNow: () => void = () => {};
  const ephemeral = new EphemeralSubscriptions({
    catalog: createCatalog([], { open: true }),
    clock: {
      ...systemClock,
      setTimer: (run, ms, options) => {
        // The pause before reading is begun again is as long as the test wants.
        if (ms !== 2_000) return systemClock.setTimer(run, ms, options);
        retryNow = run;
        return undefined;
      },
    },
    nextId: () => `id-${deadLetters.length}`,
    onError: (error) => errors.push(error),
    deadLetters: { put: async (deadLetter) => void deadLetters.push(deadLetter) },
    log,
    reader: new LogReader(log, new ChangeWatch(log, systemClock)),
  });
  return { log, deadLetters, errors, ephemeral, retry: () => retryNow() };
}

/** Keeps what it is handed. */
function consumer(capacity = 100): Consumer & { got: Delivery[]; ids(): string[] } {
  const got: Delivery[] = [];
  return {
    got,
    ids: () => got.map(({ event }) => event.id),
    capacity: () => capacity,
    deliver: (one) => void got.push(one),
    expired: () => {},
  };
}

test("it gets what is recorded from its beginning on, and nothing that it does not want", async () => {
  const { log, ephemeral } = setUp();
  log.append("before");
  await ephemeral.add(aRecord({ name: "unnamed-1", on: ["task.*"], concurrency: 100 }));
  const hands = consumer();
  ephemeral.consume("unnamed-1", hands)?.wake();
  log.append("a");
  log.append("other", "agent.started");
  log.append("b");
  await eventually("both came", () => hands.got.length === 2);
  expect(hands.got).toMatchObject([
    { event: { id: "a" }, acceptedAt: 1_001, redriven: false },
    { event: { id: "b" }, acceptedAt: 1_003, redriven: false },
  ]);
  ephemeral.close();
});

test("one that begins in the past gets that first, and each event once", async () => {
  const { log, ephemeral } = setUp();
  for (let n = 0; n < 600; n += 1) log.append(`e${n}`);
  await ephemeral.add(aRecord({ name: "unnamed-1", from: "beginning", concurrency: 1_000 }));
  const hands = consumer(1_000);
  ephemeral.consume("unnamed-1", hands)?.wake();
  log.append("live");
  await eventually("all came", () => hands.got.length === 601);
  expect(hands.ids()).toEqual([...Array.from({ length: 600 }, (_, n) => `e${n}`), "live"]);
  ephemeral.close();
});

test("a log that cannot be read for a while is reported, and read on from where it was", async () => {
  const { log, ephemeral, errors, retry } = setUp();
  await ephemeral.add(aRecord({ name: "unnamed-1", concurrency: 100 }));
  const hands = consumer();
  ephemeral.consume("unnamed-1", hands)?.wake();
  log.append("a");
  await eventually("the first came", () => hands.got.length === 1);
  log.failing = 1;
  log.append("b");
  await eventually("it was reported", () => errors.length === 1);
  log.append("c");
  retry();
  await eventually("the others came", () => hands.got.length === 3);
  expect(hands.ids()).toEqual(["a", "b", "c"]);
  ephemeral.close();
});

test("a delivery out of attempts becomes a dead letter; a deleted one gets nothing more, and history is let alone", async () => {
  const { log, ephemeral, deadLetters } = setUp();
  await ephemeral.add(aRecord({ name: "unnamed-1" }));
  const hands = consumer();
  const consumption = ephemeral.consume("unnamed-1", hands);
  consumption?.wake();
  log.append("a");
  await eventually("it came", () => hands.got.length === 1);
  const [delivery] = hands.got;
  if (delivery === undefined) throw new Error("nothing was handed over");
  const failure = { code: "handler_error", message: "no", at: "2026-01-01T00:00:00.000Z", attempt: 1 } as const;
  expect(ephemeral.settle(delivery, { kind: "dead", failure })).toBe(true);
  expect(deadLetters).toMatchObject([
    { subscription: "unnamed-1", event: { id: "a" }, attempts: 1, reason: failure, failures: [failure] },
  ]);
  expect(ephemeral.delete("unnamed-1")).toBe(true);
  expect(ephemeral.delete("unnamed-1")).toBe(false);
  expect(consumption?.settings).toBeUndefined();
  await eventually("nobody watches the log", () => !log.watched);
  log.append("b");
  expect(ephemeral.states()).toEqual([]);
  expect(ephemeral.consume("unnamed-1", hands)).toBeUndefined();
  expect(hands.ids()).toEqual(["a"]);
});

test("past events are queued again with their mark; of another subscription it knows nothing", async () => {
  const { ephemeral } = setUp();
  await ephemeral.add(aRecord({ name: "unnamed-1", concurrency: 100 }));
  const hands = consumer();
  ephemeral.consume("unnamed-1", hands)?.wake();
  const events = [anEvent({ id: "a" }), anEvent({ id: "b" })];
  expect(ephemeral.requeue("unnamed-1", events, { redriven: true, replayId: "r1" })).toBe(true);
  expect(ephemeral.requeue("unnamed-2", events, { redriven: true, replayId: "r1" })).toBe(false);
  await eventually("both came", () => hands.got.length === 2);
  expect(hands.got).toMatchObject([
    { event: { id: "a" }, redriven: true, replayId: "r1" },
    { event: { id: "b" }, redriven: true, replayId: "r1" },
  ]);
  ephemeral.close();
});
