import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../../../../lib/bus/clock.ts";
import type { Delivery, Outcome } from "../../../../../lib/bus/delivery.ts";
import type { Consumer } from "../../../../../lib/bus/engine.ts";
import { Counters } from "../../../../../lib/bus/metrics.ts";
import { Runner } from "../../../../../lib/bus/runner.ts";
import { standardCatalog } from "../../../../../lib/catalog/index.ts";
import { connect } from "../../../../../lib/connect/index.ts";
import { createClients } from "../../../../../lib/engines/aws/clients.ts";
import { Poller } from "../../../../../lib/engines/aws/consume/poller.ts";
import type { ClaimedDelivery, DeliveryStore, MessageFate, OpenedWhy } from "../../../../../lib/engines/aws/parts.ts";
import { BusError } from "../../../../../lib/error/bus-error.ts";
import type { Event } from "../../../../../lib/event/event.ts";
import type { SubscriptionRecord } from "../../../../../lib/subscription/subscription.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { startJsonStub } from "../../../../support/json-stub.ts";
import { StubQueue } from "../../../../support/stub-queue.ts";

/** The deliveries table as a test wants it: a body is an event's id, with its priority behind a colon. */
class Table implements DeliveryStore {
  readonly opened: string[] = [];
  renewed = 0;
  openFate: ((id: string) => { fate: MessageFate; why: OpenedWhy } | undefined) | undefined;
  settleFate: (outcome: Outcome) => MessageFate = (outcome) =>
    outcome.kind === "retry" ? { kind: "later", afterMs: outcome.afterMs } : { kind: "delete" };
  readonly settled: { id: string; outcome: Outcome }[] = [];

  async open({ body }: { body: string }, record: SubscriptionRecord) {
    this.opened.push(body);
    const [id = "", priority = "5"] = body.split(":");
    const decided = this.openFate?.(id);
    if (decided !== undefined) return decided;
    const event = anEvent({ id, metadata: { version: 1, correlationId: id, priority: Number(priority) } });
    const delivery: ClaimedDelivery = {
      subscription: record.name,
      event,
      attempt: 1,
      acceptedAt: 0,
      failures: [],
      redriven: false,
      claim: id,
    };
    return { delivery };
  }

  async renew(): Promise<boolean> {
    this.renewed += 1;
    return true;
  }

  async settle(delivery: ClaimedDelivery, _: SubscriptionRecord, outcome: Outcome): Promise<MessageFate> {
    const fate = this.settleFate(outcome);
    this.settled.push({ id: delivery.event.id, outcome });
    return fate;
  }

  async revive(): Promise<boolean> {
    return false;
  }

  async giveUp(): Promise<undefined> {
    return undefined;
  }
}

/** Runs nothing: keeps what it was handed until the test settles it. */
class Hands implements Consumer {
  readonly held: Delivery[] = [];
  readonly all: string[] = [];
  room: number;
  most = 0;
  expiredBefore = 0;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(room: number) {
    this.room = room;
    handed.push(this);
  }

  capacity(): number {
    return Math.max(0, this.room - this.held.length);
  }

  deliver(delivery: Delivery): void {
    this.held.push(delivery);
    this.all.push(delivery.event.id);
    this.most = Math.max(this.most, this.held.length);
    for (const { count, resolve } of this.#waiting) if (this.all.length >= count) resolve();
  }

  expired(): void {
    this.expiredBefore += 1;
  }

  /** Resolves once so many were handed over in all. */
  async got(count: number): Promise<void> {
    if (this.all.length >= count) return;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
  }
}

const done: Outcome = { kind: "done" };

/** Of the test that runs. */
let handed: Hands[];
let queue: StubQueue;
let stub: Awaited<ReturnType<typeof startJsonStub>>;
let table: Table;
let errors: BusError[];
let closing: (() => Promise<void>)[];

beforeEach(async () => {
  handed = [];
  queue = new StubQueue();
  stub = await startJsonStub(queue.operations);
  table = new Table();
  errors = [];
  closing = [];
  process.env.AWS_ACCESS_KEY_ID = "test";
  process.env.AWS_SECRET_ACCESS_KEY = "test";
});

afterEach(async () => {
  for (const close of closing) await close();
  await stub.close();
});

function poll(record: Partial<SubscriptionRecord> = {}, leaseMs = 30_000): Poller {
  const clients = createClients({ region: "us-east-1", endpoint: stub.url });
  const poller = new Poller(
    {
      clients,
      clock: systemClock,
      deliveries: table,
      leaseMs,
      onError: (error) => errors.push(error),
    },
    () => aRecord({ name: "readers", concurrency: 10, ...record }),
    `${stub.url}/000000000000/agents-readers`,
  );
  closing.push(async () => {
    await poller.close();
    for (const hands of handed)
      await Promise.all(hands.held.splice(0).map((delivery) => poller.settle(delivery, done)));
    await poller.flush();
    clients.destroy();
  });
  return poller;
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await queue.changed();
}

function settleAll(poller: Poller, hands: Hands, outcome: Outcome = done): void {
  for (const delivery of hands.held.splice(0)) poller.settle(delivery, outcome);
}

test("what is received is handed over and deleted, ten at a time, and never more than there is room for", async () => {
  for (let n = 0; n < 25; n += 1) queue.put(`e${n}`);
  const hands = new Hands(3);
  const poller = poll({ concurrency: 3 });
  poller.attach(hands).wake();
  for (let got = 3; got < 25; got += 3) {
    await hands.got(got);
    settleAll(poller, hands);
  }
  await hands.got(25);
  settleAll(poller, hands);
  await until(() => queue.size === 0);
  expect(hands.most).toBe(3);
  expect(new Set(hands.all).size).toBe(25);
  const asked = queue.requests.flatMap(({ operation, input }) =>
    operation === "ReceiveMessage" ? [Number(input.MaxNumberOfMessages)] : [],
  );
  expect(Math.max(...asked)).toBe(3);
  expect(queue.count("DeleteMessageBatch")).toBeLessThan(25);
});

test("of one batch the most urgent is handed over first", async () => {
  for (const body of ["a:5", "b:9", "c:1"]) queue.put(body);
  const hands = new Hands(10);
  poll().attach(hands).wake();
  await hands.got(3);
  expect(hands.all).toEqual(["c", "a", "b"]);
});

test("a retry hides the message for whole seconds, and one of less than a second comes back after it", async () => {
  queue.put("slow");
  queue.put("soon");
  const hands = new Hands(10);
  const poller = poll();
  poller.attach(hands).wake();
  await hands.got(2);
  const failure = { code: "handler_error", message: "no", at: "2026-01-01T00:00:00Z", attempt: 1 };
  for (const delivery of hands.held.splice(0)) {
    poller.settle(delivery, { kind: "retry", afterMs: delivery.event.id === "slow" ? 1_500 : 20, failure });
  }
  await hands.got(3);
  expect(queue.hidden).toEqual([
    { body: "slow", seconds: 2 },
    { body: "soon", seconds: 0 },
  ]);
  expect(hands.all).toEqual(["slow", "soon", "soon"]);
});

test("what is not to be handed over is deleted or left for later", async () => {
  queue.put("known");
  queue.put("elsewhere");
  table.openFate = (id) =>
    id === "known"
      ? { fate: { kind: "delete" }, why: "duplicate" }
      : { fate: { kind: "later", afterMs: 7_000 }, why: "busy" };
  const hands = new Hands(10);
  poll().attach(hands).wake();
  await until(() => queue.size === 1 && queue.hidden.length === 1);
  expect(queue.hidden).toEqual([{ body: "elsewhere", seconds: 7 }]);
  expect(hands.all).toEqual([]);
  expect(hands.expiredBefore).toBe(0);
});

test("what expired before it was opened is counted by the subscriber and by its bus, and never run", async () => {
  for (const id of ["past1", "past2", "now"]) queue.put(id);
  table.openFate = (id) => (id === "now" ? undefined : { fate: { kind: "delete" }, why: "expired" });
  const poller = poll();
  const counters = new Counters();
  const ran: string[] = [];
  const bus = await connect({ engine: "memory" });
  closing.push(() => bus.close());
  const runner = new Runner(
    {
      engine: {
        attach: (_, consumer) => poller.attach(consumer),
        settings: () => undefined,
        settle: (delivery, outcome) => poller.settle(delivery, outcome),
      },
      catalog: standardCatalog,
      clock: systemClock,
      random: Math.random,
      logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      counters,
      bus,
      onError: (error) => errors.push(error),
    },
    aRecord({ name: "readers" }),
    (event: Event) => void ran.push(event.id),
    undefined,
  );
  await until(() => queue.size === 0);
  expect(ran).toEqual(["now"]);
  expect([counters.expired, runner.counts.expired]).toEqual([2, 2]);
  expect(errors).toEqual([]);
  await runner.close();
});

test("one that expired while its subscriber closed still counts", async () => {
  queue.put("past");
  const hands = new Hands(1);
  const attachment = poll().attach(hands);
  table.openFate = () => {
    attachment.detach();
    return { fate: { kind: "delete" }, why: "expired" };
  };
  attachment.wake();
  await until(() => queue.size === 0);
  expect(hands.expiredBefore).toBe(1);
});

test("nothing is received for nobody: without room no request is made, and what came too late goes back unopened", async () => {
  const hands = new Hands(0);
  const poller = poll();
  const attachment = poller.attach(hands);
  attachment.wake();
  expect(queue.requests).toEqual([]);
  hands.room = 5;
  attachment.wake();
  await until(() => queue.count("ReceiveMessage") === 1);
  attachment.detach();
  queue.put("late");
  await until(() => queue.hidden.length === 1);
  expect(queue.hidden).toEqual([{ body: "late", seconds: 0 }]);
  expect(table.opened).toEqual([]);
  const other = new Hands(5);
  poller.attach(other).wake();
  await other.got(1);
  expect(other.all).toEqual(["late"]);
});

test("what runs is held: its claim renewed and its message hidden, three times a lease", async () => {
  queue.put("long");
  const hands = new Hands(1);
  const poller = poll({}, 90);
  poller.attach(hands).wake();
  await hands.got(1);
  await until(() => queue.hidden.length >= 3);
  expect(table.renewed).toBeGreaterThanOrEqual(2);
  expect(queue.hidden[0]).toEqual({ body: "long", seconds: 1 });
  settleAll(poller, hands);
  await until(() => queue.size === 0);
});

test("a claim that was lost while it ran is reported with what to do", async () => {
  queue.put("lost");
  table.renew = async () => false;
  const hands = new Hands(1);
  poll({}, 60).attach(hands).wake();
  await hands.got(1);
  await until(() => errors.length > 0);
  expect(errors[0]).toMatchObject({ code: "conflict", message: expect.stringContaining("give a longer `lease`") });
});

test("of a group one runs at a time, in order; the others of the batch wait here, other groups do not", async () => {
  for (const body of ["a1", "a2", "a3"]) queue.put(body, "a");
  queue.put("b1", "b");
  const hands = new Hands(10);
  const poller = poll();
  poller.attach(hands).wake();
  await hands.got(2);
  expect(hands.all).toEqual(["a1", "b1"]);
  expect(table.opened).toEqual(["a1", "b1"]);
  settleAll(poller, hands);
  await hands.got(3);
  settleAll(poller, hands);
  await hands.got(4);
  expect(hands.all).toEqual(["a1", "b1", "a2", "a3"]);
  settleAll(poller, hands);
  await until(() => queue.size === 0);
});

test("where the first of a group is to be retried, those behind it go back to the queue", async () => {
  for (const body of ["a1", "a2", "a3"]) queue.put(body, "a");
  const hands = new Hands(1);
  const poller = poll({ concurrency: 3 });
  hands.room = 3;
  poller.attach(hands).wake();
  await hands.got(1);
  hands.room = 0;
  const failure = { code: "handler_error", message: "no", at: "2026-01-01T00:00:00Z", attempt: 1 };
  settleAll(poller, hands, { kind: "retry", afterMs: 3_000, failure });
  await until(() => queue.hidden.length === 3);
  expect(queue.hidden).toEqual([
    { body: "a1", seconds: 3 },
    { body: "a2", seconds: 0 },
    { body: "a3", seconds: 0 },
  ]);
  expect(table.opened).toEqual(["a1"]);
});

test("where the end of a run cannot be recorded, the caller hears of it and the message comes again after the lease", async () => {
  queue.put("e");
  table.settleFate = () => {
    throw new BusError("unavailable", "the table does not answer");
  };
  const hands = new Hands(1);
  const poller = poll();
  poller.attach(hands).wake();
  await hands.got(1);
  const [delivery] = hands.held;
  if (delivery === undefined) throw new Error("nothing was handed over");
  await expect(poller.settle(delivery, done)).rejects.toMatchObject({ code: "unavailable" });
  await until(() => queue.hidden.length === 1);
  expect(queue.hidden).toEqual([{ body: "e", seconds: 30 }]);
});

test("a queue that cannot be read is reported, and read again after a while", async () => {
  const { ReceiveMessage } = queue.operations;
  let failures = 0;
  await stub.close();
  const { ServiceError } = await import("../../../../support/json-stub.ts");
  stub = await startJsonStub({
    ...queue.operations,
    ReceiveMessage: (input, signal) => {
      failures += 1;
      if (failures === 1) throw new ServiceError("QueueDoesNotExist");
      return ReceiveMessage?.(input, signal) ?? {};
    },
  });
  queue.put("e");
  const hands = new Hands(1);
  poll().attach(hands).wake();
  await hands.got(1);
  expect(errors).toMatchObject([{ code: "not_found" }]);
});

test("closing ends a long poll at once, and waits for nothing that runs", async () => {
  const hands = new Hands(1);
  const poller = poll();
  poller.attach(hands).wake();
  await until(() => queue.count("ReceiveMessage") === 1);
  await poller.close();
  expect(errors).toEqual([]);
});
