import { expect, test } from "vitest";
import type { DeliveryItem, StoredDelivery } from "../../../../lib/delivery/local-queue/delivery-item.ts";
import { LocalQueues } from "../../../../lib/delivery/local-queue/local-queues.ts";
import type { Delivery, Failure } from "../../../../lib/engine/delivery.ts";
import type { SubscriptionRecord } from "../../../../lib/subscription/subscription.ts";
import { ManualClock, turn } from "../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../support/a-record.ts";
import { anEvent } from "../../../support/an-event.ts";

const failure: Failure = { code: "handler_error", message: "broken", at: "2026-01-01T00:00:00.000Z", attempt: 1 };

/** Queues over a store, which is what a second process would find. */
function storing(clock = new ManualClock()) {
  const subscriptions = new Map<string, SubscriptionRecord>();
  const deliveries = new Map<string, StoredDelivery>();
  const stored: string[] = [];
  const deadLetters: { id: string; attempts: number; code: string }[] = [];
  let changes = 0;
  const open = () =>
    new LocalQueues({
      clock,
      changed: () => {
        changes += 1;
      },
      deadLetter: ({ event, attempt }, { code }) => deadLetters.push({ id: event.id, attempts: attempt, code }),
      store: {
        putSubscription: (record) => {
          stored.push(`put ${record.name}`);
          subscriptions.set(record.name, record);
        },
        deleteSubscription: (name) => {
          stored.push(`delete ${name}`);
          subscriptions.delete(name);
        },
        putDelivery: (item: DeliveryItem) => {
          stored.push(`put ${item.id}`);
          deliveries.set(item.id, structuredClone(item.stored()));
        },
        deleteDelivery: ({ id }) => {
          stored.push(`delete ${id}`);
          deliveries.delete(id);
        },
      },
    });
  const reopen = () => {
    const queues = open();
    queues.restore([...subscriptions.values()], [...deliveries.values()]);
    return queues;
  };
  return { queues: open(), reopen, clock, subscriptions, deliveries, stored, deadLetters, changes: () => changes };
}

/** Takes what it is given, as many at once as it may. */
function consume(queues: LocalQueues, subscription: string, capacity = 100) {
  const taken: Delivery[] = [];
  const consumption = queues.consume(subscription, {
    capacity: () => capacity - taken.length,
    deliver: (delivery) => taken.push(delivery),
    expired: () => {},
  });
  consumption.wake();
  return {
    taken,
    ids: async () => {
      await turn();
      return taken.map(({ event }) => event.id);
    },
  };
}

const event = (id: string, key = id) => anEvent({ id, data: { key } });

test("what was routed is there again, in order, after the queues were made anew; what had ended is not", async () => {
  const { queues, reopen, deliveries } = storing();
  queues.put(aRecord({ name: "one" }), false);
  queues.put(aRecord({ name: "two" }), false);
  for (const id of ["a", "b", "c"]) queues.route(event(id), 1);
  const { taken, ids } = consume(queues, "one", 1);
  expect(await ids()).toEqual(["a"]);
  const [first] = taken;
  if (first !== undefined) queues.settle(first, { kind: "done" });
  expect(deliveries.size).toBe(5);
  const again = reopen();
  expect(await consume(again, "one").ids()).toEqual(["b", "c"]);
  expect(await consume(again, "two").ids()).toEqual(["a", "b", "c"]);
});

test("what is routed after queues were restored comes behind what was there", async () => {
  const { queues, reopen } = storing();
  queues.put(aRecord(), false);
  queues.route(event("a"), 1);
  queues.route(event("b"), 1);
  const again = reopen();
  again.route(event("c"), 2);
  expect(await consume(again, "one").ids()).toEqual(["a", "b", "c"]);
});

test("a delayed delivery is due when it was, its attempts and failures kept", async () => {
  const { queues, reopen, clock } = storing();
  queues.put(aRecord(), false);
  queues.route(event("a"), 1);
  const first = consume(queues, "one");
  await first.ids();
  const [delivery] = first.taken;
  if (delivery !== undefined) queues.settle(delivery, { kind: "retry", afterMs: 60_000, failure });
  await clock.advance("20s");
  const again = reopen();
  expect(again.pending("a")).toMatchObject([{ state: "delayed", attempts: 1, dueAt: "2026-01-01T00:01:00.000Z" }]);
  const { taken, ids } = consume(again, "one");
  await clock.advance("39s");
  expect(await ids()).toEqual([]);
  await clock.advance("1s");
  expect(await ids()).toEqual(["a"]);
  expect(taken[0]).toMatchObject({ attempt: 2, failures: [failure] });
});

test("a delayed head keeps its key: what waits behind it does not overtake it after a restart either", async () => {
  const { queues, reopen, clock } = storing();
  queues.put(aRecord({ ordered: "data.key" }), false);
  for (const id of ["a1", "a2", "b1"]) queues.route(event(id, id.slice(0, 1)), 1);
  const first = consume(queues, "one");
  expect(await first.ids()).toEqual(["a1", "b1"]);
  for (const delivery of [...first.taken]) queues.settle(delivery, { kind: "retry", afterMs: 1_000, failure });
  const again = reopen();
  const { ids, taken } = consume(again, "one");
  expect(await ids()).toEqual([]);
  await clock.advance("1s");
  expect(await ids()).toEqual(["a1", "b1"]);
  for (const delivery of [...taken]) again.settle(delivery, { kind: "done" });
  expect(await ids()).toEqual(["a1", "b1", "a2"]);
});

test("an attempt that was cut off has failed: run again, or dead once it was the last", async () => {
  const { queues, reopen, deadLetters, deliveries } = storing();
  queues.put(aRecord({ attempts: 2 }), false);
  queues.route(event("a"), 1);
  await consume(queues, "one").ids();
  const second = reopen();
  const { taken, ids } = consume(second, "one");
  expect(await ids()).toEqual(["a"]);
  expect(taken[0]).toMatchObject({ attempt: 2, failures: [{ code: "process_ended", attempt: 1 }] });
  expect(deadLetters).toEqual([]);
  const third = reopen();
  expect(await consume(third, "one").ids()).toEqual([]);
  expect(deadLetters).toEqual([{ id: "a", attempts: 2, code: "process_ended" }]);
  expect(deliveries.size).toBe(0);
});

test("a released delivery does not count its attempt, in the store either", async () => {
  const { queues, reopen } = storing();
  queues.put(aRecord(), false);
  queues.route(event("a"), 1);
  const first = consume(queues, "one", 1);
  await first.ids();
  const [delivery] = first.taken;
  if (delivery !== undefined) queues.settle(delivery, { kind: "released" });
  const { taken, ids } = consume(reopen(), "one");
  await ids();
  expect(taken[0]).toMatchObject({ attempt: 1, failures: [] });
});

test("an unnamed subscription is not stored, nor what it has to deliver", async () => {
  const { queues, stored } = storing();
  queues.put(aRecord({ name: "unnamed-1" }), true);
  queues.route(event("a"), 1);
  const { taken, ids } = consume(queues, "unnamed-1");
  expect(await ids()).toEqual(["a"]);
  if (taken[0] !== undefined) queues.settle(taken[0], { kind: "retry", afterMs: 1, failure });
  expect(queues.delete("unnamed-1")).toBe(true);
  expect(stored).toEqual([]);
});

test("a deleted subscription leaves nothing in the store, and what it still runs puts nothing back", async () => {
  const { queues, subscriptions, deliveries } = storing();
  queues.put(aRecord({ concurrency: 1 }), false);
  for (const id of ["a", "b"]) queues.route(event(id), 1);
  const { taken, ids } = consume(queues, "one");
  expect(await ids()).toEqual(["a"]);
  expect(queues.delete("one")).toBe(true);
  expect([...subscriptions, ...deliveries]).toEqual([]);
  if (taken[0] !== undefined) queues.settle(taken[0], { kind: "retry", afterMs: 1, failure });
  expect(deliveries.size).toBe(0);
  expect(queues.delete("one")).toBe(false);
});

test("changed settings are stored, and named", () => {
  const { queues, subscriptions } = storing();
  expect(queues.put(aRecord(), false)).toEqual({ created: true, changed: [] });
  expect(queues.put(aRecord(), false)).toEqual({ created: false, changed: [] });
  expect(queues.put(aRecord({ attempts: 9 }), false)).toEqual({ created: false, changed: ["attempts"] });
  expect(subscriptions.get("one")?.attempts).toBe(9);
});

test("one that starts in the past gets what it wants of it, from its time on, in order", async () => {
  const { queues } = storing();
  const past = [1_000, 2_000, 3_000].map((acceptedAt) => ({ event: event(`at-${acceptedAt}`), acceptedAt }));
  queues.put(aRecord({ name: "all", from: "beginning" }), false, past);
  queues.put(aRecord({ name: "late", from: "1970-01-01T00:00:02.000Z" }), false, past);
  queues.put(aRecord({ name: "other", from: "beginning", on: ["task.failed"] }), false, past);
  queues.put(aRecord({ name: "new" }), false, past);
  expect(await consume(queues, "all").ids()).toEqual(["at-1000", "at-2000", "at-3000"]);
  expect(await consume(queues, "late").ids()).toEqual(["at-2000", "at-3000"]);
  expect(await consume(queues, "other").ids()).toEqual([]);
  expect(await consume(queues, "new").ids()).toEqual([]);
});

test("a watcher is called for what was queued, settled and deleted", async () => {
  const { queues, changes } = storing();
  queues.put(aRecord(), false);
  const told = async (act: () => void) => {
    const before = changes();
    act();
    await turn();
    return changes() - before;
  };
  expect(await told(() => queues.route(event("a"), 1))).toBeGreaterThan(0);
  const { taken, ids } = consume(queues, "one");
  await ids();
  const [delivery] = taken;
  expect(await told(() => delivery && queues.settle(delivery, { kind: "done" }))).toBeGreaterThan(0);
  expect(await told(() => queues.delete("one"))).toBeGreaterThan(0);
});

test("a subscription that is not there has no settings, and settles nothing", () => {
  const { queues } = storing();
  const consumption = queues.consume("none", { capacity: () => 1, deliver: () => {}, expired: () => {} });
  expect(consumption.settings).toBeUndefined();
  expect(() => consumption.wake()).not.toThrow();
  expect(() => consumption.stop()).not.toThrow();
  expect(queues.get("none")).toBeUndefined();
});
