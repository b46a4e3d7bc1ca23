import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import type { Bus } from "../../../../lib/bus/bus.ts";
import { createBus } from "../../../../lib/bus/create-bus.ts";
import { runContext } from "../../../../lib/delivery/run-context.ts";
import { createDeadLetterTable } from "../../../../lib/engines/aws/dead-letters/index.ts";
import { createDeliveryTable } from "../../../../lib/engines/aws/deliveries/index.ts";
import type { HistoryTable } from "../../../../lib/engines/aws/dependencies.ts";
import { AwsEngine } from "../../../../lib/engines/aws/engine.ts";
import { createHistoryTable } from "../../../../lib/engines/aws/history/index.ts";
import { batchShards } from "../../../../lib/engines/aws/history/keys.ts";
import { RecentlySeenEvents, shareRecentlySeen } from "../../../../lib/engines/aws/recently-seen-events.ts";
import { BusError } from "../../../../lib/error/bus-error.ts";
import type { Event } from "../../../../lib/event/event.ts";
import { createIds } from "../../../../lib/event/id.ts";
import { systemClock } from "../../../../lib/runtime/clock.ts";
import { Counters } from "../../../../lib/runtime/metrics.ts";
import { anEvent } from "../../../support/an-event.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../../support/dynamo.ts";
import { eventually } from "../../../support/eventually.ts";
import { heldRequests } from "../../../support/held-requests.ts";
import { historyDependencies, historyTableInput } from "../../../support/history-table.ts";

const logPut = z.object({ Item: z.object({ pk: z.object({ S: z.string().startsWith("log#") }) }) });
const logQuery = z.object({
  ExpressionAttributeValues: z.object({ ":pk": z.object({ S: z.string().startsWith("log#") }) }),
});
const type = "task.created";

describeDynamo("an event that a process has before its position in the log is there", () => {
  let dynamo: Dynamo;
  let bus: Bus;
  let otherBus: Bus;
  /** Records as the function does, and stops before the log's row while that is held. */
  let recorder: HistoryTable;
  let log: ReturnType<typeof heldRequests>;
  let refuse = false;
  /** Answers about shards of the log. */
  let answered = 0;
  let tables = 0;
  const nextId = createIds({ now: Date.now });
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.close());
  beforeEach(async () => {
    tables += 1;
    const table = `known-${tables}`;
    await dynamo.createTable(historyTableInput(table));
    const recording = dynamo.connect();
    log = heldRequests(recording, (input) => logPut.safeParse(input).success);
    recorder = createHistoryTable(historyDependencies(recording, table));
    answered = 0;
    bus = aBus(table);
    otherBus = aBus(table);
  });
  afterEach(async () => {
    await bus.close();
    await otherBus.close();
  });

  function aBus(table: string): Bus {
    const client = dynamo.connect();
    client.middlewareStack.add(
      (next) => async (args) => {
        const answer = await next(args);
        if (logQuery.safeParse(args.input).success) answered += 1;
        return answer;
      },
      { step: "initialize" },
    );
    const dependencies = historyDependencies(client, table);
    const deadLetters = createDeadLetterTable(dependencies);
    let accepted: (event: Event) => void = () => {};
    const engine = new AwsEngine({
      ...dependencies,
      leaseMs: 30_000,
      deadLetters,
      history: createHistoryTable(dependencies),
      deliveries: createDeliveryTable(dependencies, deadLetters),
      publisher: {
        publish: async ({ event }) => {
          if (refuse) throw new BusError("unavailable", "this test wants it to fail");
          accepted(event);
          return { event, duplicate: false };
        },
        onAccepted: (listener) => {
          accepted = listener;
        },
        addDeadLetter: () => Promise.reject(new Error("this test has no dead letters")),
        close: async () => {},
      },
    });
    const { catalog, random, logger, onError } = dependencies;
    const counters = new Counters();
    return createBus({
      engine,
      catalog,
      source: "test",
      clock: systemClock,
      random,
      nextId,
      logger,
      counters,
      use: [],
      graceMs: 0,
      onError,
    });
  }

  const record = (event: Event) => recorder.record([{ event, acceptedAt: Date.now() }]);
  /** Records an event but for its row of the log; that comes when `finish` is called. */
  async function recordHalf(event: Event): Promise<{ finish(): Promise<unknown> }> {
    const arrived = log.hold();
    const recording = record(event);
    await arrived;
    return {
      finish: () => {
        log.release();
        return recording;
      },
    };
  }
  const tailed = async (events: AsyncIterable<Event>) => {
    for await (const { id } of events) return id;
  };

  test.each([
    ["found by its id by another bus of the process", ({ id }: Event) => otherBus.history.get(id)],
    ["found by its id", ({ id }: Event) => bus.history.get(id)],
    ["found by a query", () => bus.history.query({ type })],
    ["found in its flow", ({ id }: Event) => bus.history.flow(id)],
  ])("%s before waitFor and tail begin, is not new to them", async (_how, find) => {
    const early = anEvent({ id: nextId(), type });
    const { finish } = await recordHalf(early);
    await find(early);
    const waiting = bus.waitFor(type);
    const tail = tailed(bus.history.tail({ type }));
    await eventually("the end of the log is known", () => answered >= batchShards);
    await finish();
    const next = anEvent({ id: nextId(), type });
    await record(next);
    expect((await waiting).id).toBe(next.id);
    expect(await tail).toBe(next.id);
  });

  test("published before, is not new", async () => {
    const early = await bus.emit.task.created({ taskId: "a" });
    const waiting = bus.waitFor(type);
    await record(early);
    const next = anEvent({ id: nextId(), type });
    await record(next);
    expect((await waiting).id).toBe(next.id);
  });

  test("of which a publish failed before, is new once another has brought it to the bus", async () => {
    const id = nextId();
    refuse = true;
    await expect(bus.emit.task.created({ taskId: "a" }, { id })).rejects.toMatchObject({ code: "unavailable" });
    refuse = false;
    const waiting = bus.waitFor(type);
    await record(await bus.emit.task.created({ taskId: "a" }, { id }));
    expect((await waiting).id).toBe(id);
  });

  test("being handled, is not new to its handler", async () => {
    const event = anEvent({ id: nextId(), type });
    const run = { event, subscription: "s", aborted: undefined, signal: new AbortController().signal, track: () => {} };
    const waiting = runContext.run(run, () => bus.waitFor(type));
    await record(event);
    const next = anEvent({ id: nextId(), type });
    await record(next);
    expect((await waiting).id).toBe(next.id);
  });

  test("is new to those who began to wait before, and found by a lookback", async () => {
    const since = new Date(Date.now() - 1_000);
    const waiting = bus.waitFor(type);
    const tail = tailed(bus.history.tail({ type }));
    const event = anEvent({ id: nextId(), type });
    const { finish } = await recordHalf(event);
    await bus.history.get(event.id);
    const lookingBack = bus.waitFor(type, { since });
    const tailSince = tailed(bus.history.tail({ type }, { since }));
    await finish();
    expect((await waiting).id).toBe(event.id);
    expect(await tail).toBe(event.id);
    expect((await lookingBack).id).toBe(event.id);
    expect(await tailSince).toBe(event.id);
  });
});

describe("RecentlySeenEvents", () => {
  test.each([
    ["read", "add"],
    ["published", "addNew"],
  ] as const)("remembers thousands that were %s, and forgets the oldest", (_how, add) => {
    const known = new RecentlySeenEvents();
    const ids = Array.from({ length: 12_000 }, (_, n) => `event-${n}`);
    for (const id of ids) known[add](anEvent({ id }));
    const isKnown = known.asOfNow();
    const remembered = ids.filter((id) => isKnown(anEvent({ id })));
    expect(remembered).toEqual(ids.slice(-remembered.length));
    expect(remembered.length).toBeGreaterThanOrEqual(5_000);
    expect(remembered.length).toBeLessThan(10_000);
  });

  test("read again and again, takes no room of another", () => {
    const known = new RecentlySeenEvents();
    known.addNew(anEvent({ id: "a" }));
    for (let count = 0; count < 20_000; count += 1) known.add(anEvent({ id: "b" }));
    expect(["a", "b", "c"].map((id) => known.asOfNow()(anEvent({ id })))).toEqual([true, true, false]);
  });

  test("what was known stays as early as it was; what comes later is not known as of before", () => {
    const known = new RecentlySeenEvents();
    known.add(anEvent({ id: "a" }));
    const then = known.asOfNow();
    known.add(anEvent({ id: "a" }));
    known.addNew(anEvent({ id: "a" }));
    known.add(anEvent({ id: "b" }));
    expect(["a", "b"].map((id) => then(anEvent({ id })))).toEqual([true, false]);
    expect(["a", "b"].map((id) => known.asOfNow()(anEvent({ id })))).toEqual([true, true]);
  });

  test("is shared by the buses on one store until the last of them closes", () => {
    const first = shareRecentlySeen("aws:one");
    const second = shareRecentlySeen("aws:one");
    const other = shareRecentlySeen("aws:other");
    const event = anEvent({ id: "a" });
    first.events.add(event);
    expect([second, other].map(({ events }) => events.asOfNow()(event))).toEqual([true, false]);
    first.release();
    first.release();
    const third = shareRecentlySeen("aws:one");
    expect(third.events.asOfNow()(event)).toBe(true);
    for (const { release } of [second, third, other]) release();
    const last = shareRecentlySeen("aws:one");
    expect(last.events.asOfNow()(event)).toBe(false);
    last.release();
  });
});
