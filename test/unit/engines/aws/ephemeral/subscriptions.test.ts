import { expect, test } from "vitest";
import { DeliveryItem } from "../../../../../lib/delivery/local-queue/delivery-item.ts";
import type { DeadLetter, Delivery } from "../../../../../lib/engine/delivery.ts";
import type { Consumer } from "../../../../../lib/engine/delivery-queue.ts";
import type { Recorded } from "../../../../../lib/engine/engine.ts";
import { EphemeralSubscriptions } from "../../../../../lib/engines/aws/ephemeral/subscriptions.ts";
import { BusError } from "../../../../../lib/error/bus-error.ts";
import { systemClock } from "../../../../../lib/runtime/clock.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";

/** A log in memory: positions are texts, as the table's are. */
class Log {
  readonly all: Recorded[] = [];
  readonly #listeners = new Set<() => void>();
  /** Reads that are to fail. */
  failing = 0;

  append(id: string, type = "task.created"): void {
    this.all.push({ event: anEvent({ id, type }), position: place(this.all.length + 1) });
    for (const listener of this.#listeners) listener();
  }

  async position(of: "end" | { eventId: string } | { time: number }): Promise<string> {
    return of === "end" ? place(this.all.length) : place(0);
  }

  async readAfter(position: string | number, limit: number) {
    if (this.failing > 0) {
      this.failing -= 1;
      throw new BusError("unavailable", "the table does not answer");
    }
    const events = this.all.filter((recorded) => recorded.position > position).slice(0, limit);
    return { events, position: events.at(-1)?.position ?? position };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

function place(n: number): string {
  return String(n).padStart(6, "0");
}

function setUp() {
  const log = new Log();
  const letters: DeadLetter[] = [];
  const errors: BusError[] = [];
  let retryNow: () => void = () => {};
  const ephemeral = new EphemeralSubscriptions({
    clock: {
      ...systemClock,
      setTimer: (run, ms, options) => {
        // The pause before reading is begun again is as long as the test wants.
        if (ms !== 2_000) return systemClock.setTimer(run, ms, options);
        retryNow = run;
        return undefined;
      },
    },
    nextId: () => `id-${letters.length}`,
    onError: (error) => errors.push(error),
    history: log,
    deadLetters: { put: async (letter) => void letters.push(letter) },
    log,
  });
  return { log, letters, errors, ephemeral, retry: () => retryNow() };
}

/** Keeps what it is handed. */
function consumer(): Consumer & { got: Delivery[]; ids(): string[] } {
  const got: Delivery[] = [];
  return {
    got,
    ids: () => got.map(({ event }) => event.id),
    capacity: () => 100,
    deliver: (one) => void got.push(one),
    expired: () => {},
  };
}

test("it gets what is recorded from its beginning on, and nothing that it does not want", async () => {
  const { log, ephemeral } = setUp();
  log.append("before");
  await ephemeral.add(aRecord({ name: "unnamed-1", on: ["task.*"], concurrency: 100 }));
  const hands = consumer();
  ephemeral.attach("unnamed-1", hands).wake();
  log.append("a");
  log.append("other", "agent.started");
  log.append("b");
  await eventually("both came", () => hands.got.length === 2);
  expect(hands.ids()).toEqual(["a", "b"]);
  ephemeral.close();
});

test("one that begins in the past gets that first, and each event once", async () => {
  const { log, ephemeral } = setUp();
  for (let n = 0; n < 600; n += 1) log.append(`e${n}`);
  await ephemeral.add(aRecord({ name: "unnamed-1", from: "beginning", concurrency: 1_000 }));
  const hands = { ...consumer(), capacity: () => 1_000 };
  ephemeral.attach("unnamed-1", hands).wake();
  log.append("live");
  await eventually("all came", () => hands.got.length === 601);
  expect(hands.ids()).toEqual([...Array.from({ length: 600 }, (_, n) => `e${n}`), "live"]);
  ephemeral.close();
});

test("a log that cannot be read for a while is told of, and read on from where it was", async () => {
  const { log, ephemeral, errors, retry } = setUp();
  await ephemeral.add(aRecord({ name: "unnamed-1", concurrency: 100 }));
  const hands = consumer();
  ephemeral.attach("unnamed-1", hands).wake();
  log.append("a");
  await eventually("the first came", () => hands.got.length === 1);
  log.failing = 1;
  log.append("b");
  await eventually("it was told", () => errors.length === 1);
  log.append("c");
  retry();
  await eventually("the others came", () => hands.got.length === 3);
  expect(hands.ids()).toEqual(["a", "b", "c"]);
  ephemeral.close();
});

test("what dies there becomes a dead letter; a deleted one gets nothing more", async () => {
  const { log, ephemeral, letters } = setUp();
  await ephemeral.add(aRecord({ name: "unnamed-1" }));
  const hands = consumer();
  ephemeral.attach("unnamed-1", hands).wake();
  log.append("a");
  await eventually("it came", () => hands.got.length === 1);
  const [item] = hands.got;
  if (!(item instanceof DeliveryItem)) throw new Error("nothing was handed over");
  ephemeral.settle(item, {
    kind: "dead",
    failure: { code: "handler_error", message: "no", at: "2026-01-01T00:00:00.000Z", attempt: 1 },
  });
  expect(letters).toMatchObject([{ subscription: "unnamed-1", event: { id: "a" }, attempts: 1 }]);
  expect(ephemeral.delete("unnamed-1")).toBe(true);
  expect(ephemeral.delete("unnamed-1")).toBe(false);
  log.append("b");
  expect(ephemeral.states()).toEqual([]);
  expect(hands.ids()).toEqual(["a"]);
});
