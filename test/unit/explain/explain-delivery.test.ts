import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { openBusOnEngine } from "../../../lib/connect/index.ts";
import { NonRetriableError } from "../../../lib/delivery/handler-errors.ts";
import { subscriptionFilter } from "../../../lib/delivery/subscription-filter.ts";
import { explainDelivery } from "../../../lib/explain/explain-delivery.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { testBus } from "../../../lib/testing/test-bus.ts";
import { aRecord } from "../../support/a-record.ts";
import { anEvent } from "../../support/an-event.ts";
import { event as anyData, pattern as anyPattern } from "../pattern/arbitraries.ts";

function open() {
  const bus = testBus();
  onTestFinished(() => bus.close());
  return { bus, clock: bus.clock };
}

test("what was handled says when, and what to do to have it again", async () => {
  const { bus } = open();
  await bus.subscribe({ name: "readers", on: "custom.*" }, () => {});
  const { id } = await bus.publish({ type: "custom.one", data: {} });
  await bus.settled(id);
  expect(await explainDelivery(bus, { event: id, subscription: "readers" })).toMatchObject({
    eventId: id,
    type: "custom.one",
    correlationId: id,
    subscription: "readers",
    status: "done",
    reason: "handled",
    fix: expect.stringContaining("replay it to readers"),
    mismatches: [],
    edits: [],
    pending: [],
    ended: [{ outcome: "done", attempts: 1 }],
    deadLetters: [],
  });
});

test("what is dead has its dead letter, and once that is discarded, still its reason", async () => {
  const { bus } = open();
  await bus.subscribe({ name: "readers", on: "custom.*" }, () => {
    throw new NonRetriableError("no such page");
  });
  const { id } = await bus.publish({ type: "custom.one", data: {} });
  await bus.settled(id);
  const explained = await explainDelivery(bus, { event: id, subscription: "readers" });
  expect(explained).toMatchObject({
    status: "dead",
    reason: "failed",
    text: "it is a dead letter after 1 attempt: non_retriable: no such page",
    deadLetters: [{ reason: { code: "non_retriable" } }],
  });
  const [deadLetter] = explained.deadLetters;
  expect(explained.fix).toBe(`remove the cause, then redrive dead letter ${deadLetter?.id}`);
  await bus.deadLetters.discard([deadLetter?.id ?? ""]);
  expect(await explainDelivery(bus, { event: id, subscription: "readers" })).toMatchObject({
    status: "dead",
    reason: "failed",
    text: expect.stringContaining("redriven or discarded since"),
    deadLetters: [],
  });
});

test("what overflowed the backlog says so", async () => {
  const { bus } = open();
  const subscriber = await bus.subscribe({ name: "small", on: "custom.*", maxBacklog: 1 }, () => {});
  await subscriber.close();
  await bus.publish({ type: "custom.one", data: {} });
  const { id } = await bus.publish({ type: "custom.two", data: {} });
  expect(await explainDelivery(bus, { event: id, subscription: "small" })).toMatchObject({
    status: "dead",
    reason: "overflow",
  });
});

test("an excluded event names the clause, the value and the nearest edit", async () => {
  const { bus } = open();
  const where = { data: { kind: ["document"] }, metadata: { priority: [{ numeric: ["<=", 3] }] } };
  await bus.subscribe({ name: "readers", on: "custom.*", where }, () => {});
  const { id } = await bus.publish({ type: "custom.one", data: { kind: "image" } });
  expect(await explainDelivery(bus, { event: id, subscription: "readers" })).toMatchObject({
    status: "not_matched",
    reason: "where",
    text: 'readers does not want it: where.data.kind expects "document", but the event has "image" (and 1 more)',
    fix: 'to make it match, change where.data.kind: add "image"; where.metadata.priority: add {"numeric":["<=",5]}',
    mismatches: [{ path: "data.kind" }, { path: "metadata.priority" }],
    edits: [{ path: "data.kind", add: "image" }, { path: "metadata.priority" }],
  });
});

test("an event of another type is not matched for its type, whatever else differs", async () => {
  const { bus } = open();
  await bus.subscribe({ name: "readers", on: ["task.failed", "custom.x*"], where: { data: { a: [1] } } }, () => {});
  const { id } = await bus.publish({ type: "custom.one", data: {} });
  expect(await explainDelivery(bus, { event: id, subscription: "readers" })).toMatchObject({
    status: "not_matched",
    reason: "type",
    text: 'readers does not want it: on expects "task.failed" or a string that starts with "custom.x", but the event has "custom.one" (and 1 more)',
  });
});

test("an event that is older than the subscription was accepted before it", async () => {
  const { bus, clock } = open();
  const { id } = await bus.publish({ type: "custom.one", data: {} });
  await clock.advance("1m");
  await bus.subscribe({ name: "later", on: "custom.*" }, () => {});
  await bus.subscribe({ name: "dated", on: "custom.*", from: new Date(clock.now() - 1_000) }, () => {});
  for (const subscription of ["later", "dated"]) {
    expect(await explainDelivery(bus, { event: id, subscription })).toMatchObject({
      status: "not_queued",
      reason: "accepted_before",
      fix: `replay it to ${subscription}`,
    });
  }
});

test("an event that expired before it was handled was dropped for that", async () => {
  const { bus, clock } = open();
  const subscriber = await bus.subscribe({ name: "readers", on: "custom.*" }, () => {});
  await subscriber.close();
  const expiresAt = new Date(clock.now() + 1_000).toISOString();
  const { id } = await bus.publish({ type: "custom.one", data: {}, metadata: { expiresAt } });
  await clock.advance("2s");
  await bus.subscribe({ name: "readers", on: "custom.*" }, () => {});
  await bus.settled(id);
  expect(await explainDelivery(bus, { event: id, subscription: "readers" })).toMatchObject({
    status: "dropped",
    reason: "expired",
    text: expect.stringContaining(expiresAt),
  });
});

test("an event that the subscriber's filter excluded was dropped for that", async () => {
  const { bus } = open();
  await bus.subscribe({ name: "readers", on: "custom.*" }, () => {}, { filter: () => false });
  const { id } = await bus.publish({ type: "custom.one", data: {} });
  await bus.settled(id);
  expect(await explainDelivery(bus, { event: id, subscription: "readers" })).toMatchObject({
    status: "dropped",
    reason: "filtered",
  });
});

test("an event on its way says what it waits for", async () => {
  const { bus, clock } = open();
  const started = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  onTestFinished(() => gate.resolve());
  await bus.subscribe({ name: "one-by-one", on: "custom.*", ordered: "data.key" }, async () => {
    started.resolve();
    await gate.promise;
  });
  await bus.subscribe({ name: "single", on: "custom.*", concurrency: 1 }, () => gate.promise);
  await bus.subscribe({ name: "failing", on: "custom.*", backoff: { from: "1m", to: "1m" } }, () => {
    throw new Error("HTTP 429");
  });
  const first = await bus.publish({ type: "custom.one", data: { key: "a" } });
  const { id } = await bus.publish({ type: "custom.two", data: { key: "a" } });
  const deliverAt = new Date(clock.now() + 3_600_000).toISOString();
  const later = await bus.publish({ type: "custom.three", data: {}, metadata: { deliverAt } });
  await started.promise;
  await clock.advance(0);
  const about = (event: string, subscription: string) => explainDelivery(bus, { event, subscription });
  expect(await about(first.id, "one-by-one")).toMatchObject({ status: "pending", reason: "running" });
  expect(await about(id, "one-by-one")).toMatchObject({
    status: "pending",
    reason: "ordered",
    text: expect.stringContaining('the same data.key ("a")'),
  });
  expect(await about(id, "single")).toMatchObject({ status: "pending", reason: "busy" });
  expect(await about(id, "failing")).toMatchObject({
    status: "pending",
    reason: "retrying",
    text: expect.stringMatching(/^attempt 1 failed \(HTTP 429\); the next is attempt 2, due at /),
  });
  expect(await about(later.id, "single")).toMatchObject({
    status: "pending",
    reason: "scheduled",
    text: `it is not delivered before ${deliverAt}, its deliverAt`,
  });
});

test("an unknown event, an unknown subscription and a wrong option are refused, each with its fix", async () => {
  const { bus } = open();
  await bus.subscribe({ name: "readers", on: "custom.*" }, () => {});
  const { id } = await bus.publish({ type: "custom.one", data: {} });
  await expect(explainDelivery(bus, { event: "nothing", subscription: "readers" })).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("its retention has ended"),
  });
  await expect(explainDelivery(bus, { event: id, subscription: "reader" })).rejects.toMatchObject({
    code: "not_found",
    message: 'there is no subscription reader; did you mean "readers"?',
  });
  await expect(explainDelivery(bus, { event: "", subscription: "readers" })).rejects.toMatchObject({
    code: "invalid_config",
  });
  // @ts-expect-error an unknown option
  await expect(explainDelivery(bus, { evnt: id, subscription: "readers" })).rejects.toMatchObject({
    message: expect.stringContaining('did you mean "event"?'),
  });
  await expect(explainDelivery(Object({}), { event: id, subscription: "readers" })).rejects.toMatchObject({
    code: "invalid_config",
  });
});

test("what a deleted subscription has handled is still explained", async () => {
  const { bus } = open();
  await bus.subscribe({ name: "readers", on: "custom.*" }, () => {});
  const { id } = await bus.publish({ type: "custom.one", data: {} });
  await bus.settled(id);
  await bus.subscriptions.delete("readers");
  expect(await explainDelivery(bus, { event: id, subscription: "readers" })).toMatchObject({ status: "done" });
});

test("for any pattern and event it is not matched exactly if the matcher does not match", async () => {
  const { bus, engine } = await openBusOnEngine({
    engine: "memory",
    clock: new ManualClock(),
    source: "test",
    logLevel: "silent",
  });
  onTestFinished(() => bus.close());
  let count = 0;
  await fc.assert(
    fc.asyncProperty(anyPattern, anyData, fc.boolean(), async (data, about, ofType) => {
      count += 1;
      const record = aRecord({ name: `s-${count}`, on: [ofType ? "custom.*" : "task.*"], where: { data } });
      await engine.subscriptions.put(record, { ephemeral: false });
      const event = anEvent({ id: `event-${count}`, type: "custom.one", data: about });
      await engine.log.append({ event, ownId: false, history: true, inHandler: false });
      const explained = await explainDelivery(bus, { event: event.id, subscription: record.name });
      const matches = subscriptionFilter(record)(event);
      expect(explained.status).toBe(matches ? "pending" : "not_matched");
      if (!matches) expect(explained.reason).toBe(ofType ? "where" : "type");
      await engine.subscriptions.delete(record.name);
    }),
    { numRuns: 200 },
  );
});
