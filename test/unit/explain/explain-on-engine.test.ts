import { expect, test } from "vitest";
import type { DeadLetter, EndedDelivery } from "../../../lib/engine/delivery.ts";
import type { Event } from "../../../lib/event/event.ts";
import { explainOn } from "../../../lib/explain/explain-delivery.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

// What engines tell in different ways, or while it changes.

test("a subscription that no process handles says so, where the engine knows", async () => {
  const engine = new FakeEngine();
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const event = anEvent();
  await engine.log.append({ event, ownId: false, history: true, inHandler: false });
  const delivery = { subscription: "one", eventId: event.id, type: event.type, state: "waiting", attempts: 0 } as const;
  const question = { eventId: event.id, subscription: "one", now: 0 };
  engine.deliveries.pending = async () => [{ ...delivery, handled: false }];
  expect(await explainOn(engine, question)).toMatchObject({ status: "pending", reason: "unhandled" });
  engine.deliveries.pending = async () => [delivery];
  expect(await explainOn(engine, question)).toMatchObject({
    status: "pending",
    reason: "waiting",
    fix: expect.stringContaining("paused"),
  });
});

test("an engine that does not know how deliveries ended says that it does not", async () => {
  const engine = new FakeEngine({ without: ["deliveries.ended", "deliveries.pending"] });
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const event = anEvent();
  await engine.log.append({ event, ownId: false, history: true, inHandler: false });
  const explained = await explainOn(engine, { eventId: event.id, subscription: "one", now: 0 });
  expect(explained).toMatchObject({ status: "unknown", reason: "not_known" });
  expect(explained).not.toHaveProperty("ended");
});

test("what dies while it is looked for is dead, and its dead letter is there", async () => {
  const engine = new FakeEngine();
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const event = anEvent();
  await engine.log.append({ event, ownId: false, history: true, inHandler: false });
  engine.deliveries.pending = async () => {
    await engine.deadLetters.put(aDeadLetter(event));
    return [];
  };
  expect(await explainOn(engine, { eventId: event.id, subscription: "one", now: 0 })).toMatchObject({
    status: "dead",
    reason: "failed",
    deadLetters: [{ id: "dead" }],
  });
});

test("what a replay has handled since is done, though its dead letter still lies there", async () => {
  const engine = new FakeEngine();
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const event = anEvent();
  await engine.log.append({ event, ownId: false, history: true, inHandler: false });
  await engine.deadLetters.put(aDeadLetter(event));
  engine.deliveries.pending = async () => [];
  const question = { eventId: event.id, subscription: "one", now: 0 };
  const replayed: Omit<EndedDelivery, "endedAt"> = {
    subscription: "one",
    eventId: event.id,
    replayId: "again",
    outcome: "done",
    attempts: 1,
    failures: [],
    totalMs: 1,
  };
  engine.deliveries.ended = async () => [{ ...replayed, endedAt: "2026-01-01T00:00:02.000Z" }];
  expect(await explainOn(engine, question)).toMatchObject({
    status: "done",
    text: expect.stringContaining("replay again of it was handled"),
    deadLetters: [{ id: "dead" }],
  });
  engine.deliveries.ended = async () => [{ ...replayed, endedAt: "2026-01-01T00:00:00.000Z" }];
  expect(await explainOn(engine, question)).toMatchObject({ status: "dead" });
});

test("what the limits of its subscriber hold back is not said to be scheduled", async () => {
  const engine = new FakeEngine();
  await engine.subscriptions.put(aRecord(), { ephemeral: false });
  const event = anEvent();
  await engine.log.append({ event, ownId: false, history: true, inHandler: false });
  const dueAt = "2026-01-01T00:00:01.000Z";
  engine.deliveries.pending = async () => [
    { subscription: "one", eventId: event.id, type: event.type, state: "delayed", attempts: 0, dueAt },
  ];
  const { reason, text } = await explainOn(engine, { eventId: event.id, subscription: "one", now: 0 });
  expect({ reason, text }).toEqual({
    reason: "waiting",
    text: `it waits, due at ${dueAt}: the subscriber has given it back, as its limits allow no run now`,
  });
});

function aDeadLetter(event: Event): DeadLetter {
  const at = "2026-01-01T00:00:01.000Z";
  const reason = { code: "handler_error", message: "no", at, attempt: 1 } as const;
  return {
    ...{ id: "dead", subscription: "one", event, reason, attempts: 1, failures: [reason] },
    ...{ acceptedAt: at, deadAt: at },
  };
}
