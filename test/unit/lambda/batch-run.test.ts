import { expect, test } from "vitest";
import { metricNames } from "../../../lib/aws-shared/index.ts";
import { taskCompleted } from "../../../lib/catalog/index.ts";
import { BusError, NonRetriableError, RetryAfterError } from "../../../lib/index.ts";
import { describeDynamo } from "../../support/dynamo.ts";
import { eventually } from "../../support/eventually.ts";
import { dynamoForFile } from "../engines/aws/deliveries/bench.ts";
import { BatchBench } from "./batch-bench.ts";

describeDynamo("a batch of messages", () => {
  const dynamo = dynamoForFile();
  const ofGroup = (id: string, groupId: string) => ({ id, groupId });

  test("runs its messages at once, and keeps those that failed for later", async () => {
    const bench = await BatchBench.make(dynamo());
    const both = Promise.withResolvers<void>();
    let running = 0;
    const messages = ["a", "b", "c"].map((id) => bench.message({ id }, { id }));
    const run = bench.batch(async ({ id }) => {
      running += 1;
      if (running === 3) both.resolve();
      await both.promise;
      if (id === "b") throw new RetryAfterError("not yet", "90s");
    }, messages);
    expect(await run.run()).toEqual(["b"]);
    expect(bench.told).toEqual([{ hide: "b", ms: 90_000 }]);
    expect(run.counts).toMatchObject({ [metricNames.delivered]: 2, [metricNames.failed]: 1, [metricNames.retried]: 1 });
  });

  test("what never succeeds is a dead deadLetter, and its message goes", async () => {
    const bench = await BatchBench.make(dynamo());
    const run = bench.batch(() => {
      throw new NonRetriableError("broken for good");
    }, [bench.message({ id: "a" })]);
    expect(await run.run()).toEqual([]);
    expect(bench.table.deadLetter).toMatchObject({
      subscription: "one",
      reason: { code: "non_retriable" },
      attempts: 1,
    });
    expect(run.counts).toMatchObject({ [metricNames.deadLettered]: 1, [metricNames.deadLetters]: 1 });
  });

  test("a message that is not an event becomes a dead letter and holds up no other", async () => {
    const bench = await BatchBench.make(dynamo());
    const handled: string[] = [];
    const run = bench.batch(
      ({ id }) => handled.push(id),
      [bench.message({ body: "{" }), bench.message({ id: "good" })],
    );
    expect(await run.run()).toEqual([]);
    expect(handled).toEqual(["good"]);
    expect(bench.table.deadLetter.reason.code).toBe("invalid_event");
    expect(run.counts).toEqual({ [metricNames.deadLetters]: 1, [metricNames.delivered]: 1 });
  });

  test("an expired event is dropped and counted", async () => {
    const bench = await BatchBench.make(dynamo());
    const expired = bench.message({ metadata: { ...event0, expiresAt: "2025-12-31T00:00:00.000Z" } });
    const run = bench.batch(() => expect.unreachable(), [expired]);
    expect(await run.run()).toEqual([]);
    expect(run.counts).toEqual({ [metricNames.expired]: 1 });
  });

  test("before its time a message goes back, hidden until then and not counted, and its group behind it", async () => {
    const bench = await BatchBench.make(dynamo());
    const handled: string[] = [];
    const delayed = { id: "a1", metadata: { ...event0, deliverAt: "2026-01-01T00:01:30.000Z" } };
    const messages = [bench.message(delayed, ofGroup("a1", "a"))];
    for (const id of ["a2", "b1"]) messages.push(bench.message({ id }, ofGroup(id, id.slice(0, 1))));
    const run = bench.batch(({ id }) => handled.push(id), messages);
    expect(await run.run()).toEqual(["a1", "a2"]);
    expect(handled).toEqual(["b1"]);
    expect(run.counts).toEqual({ [metricNames.delivered]: 1 });
    expect(bench.told).toEqual([
      { hide: "a1", ms: 90_000 },
      { hide: "a2", ms: 0 },
    ]);
    await bench.table.clock.advance("90s");
    expect(await bench.run(({ id }, { attempt }) => handled.push(`${id} ${attempt}`), messages.slice(0, 2))).toEqual(
      [],
    );
    expect(handled).toEqual(["b1", "a1 1", "a2 1"]);
  });

  test("the same event twice in a batch runs once", async () => {
    const bench = await BatchBench.make(dynamo());
    const release = Promise.withResolvers<void>();
    let runs = 0;
    const first = bench.run(async () => {
      runs += 1;
      await release.promise;
    }, [bench.message({ id: "e" }, { id: "first" }), bench.message({ id: "e" }, { id: "second" })]);
    // The other one is busy until the first has ended; its message stays.
    await eventually("the other is told to come later", () => bench.told.length === 1);
    release.resolve();
    const back = await first;
    expect(back).toHaveLength(1);
    expect(runs).toBe(1);
    expect(await bench.run(() => expect.unreachable(), [bench.message({ id: "e" })])).toEqual([]);
  });

  test("what a handler publishes and does not await is waited for", async () => {
    const bench = await BatchBench.make(dynamo());
    await bench.run(
      (_event, { bus }) => {
        bus.publish(taskCompleted, { taskId: "t" }).catch(() => {});
      },
      [bench.message({ id: "cause" })],
    );
    expect(bench.bus.published[0]?.metadata.causationId).toBe("cause");
  });

  test("messages of a group go one after another, other groups beside them", async () => {
    const bench = await BatchBench.make(dynamo());
    const running = new Set<string>();
    const order: string[] = [];
    const beside = Promise.withResolvers<void>();
    const back = await bench.run(
      async ({ id }) => {
        const group = id.slice(0, 1);
        expect(running.has(group)).toBe(false);
        running.add(group);
        if (running.size === 2) beside.resolve();
        await beside.promise;
        order.push(id);
        running.delete(group);
      },
      ["a1", "b1", "a2", "b2", "a3"].map((id) => bench.message({ id }, ofGroup(id, id.slice(0, 1)))),
    );
    expect(back).toEqual([]);
    expect(order.filter((id) => id.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
  });

  test("behind a message that stays its group goes back untouched and in order", async () => {
    const bench = await BatchBench.make(dynamo());
    const back = await bench.run(
      ({ id }) => {
        if (id === "a2") throw new RetryAfterError("not yet", "5s");
      },
      ["a1", "a2", "a3", "a4", "b1"].map((id) => bench.message({ id }, ofGroup(id, id.slice(0, 1)))),
    );
    expect(back).toEqual(["a2", "a3", "a4"]);
    expect(bench.told).toEqual([
      { hide: "a2", ms: 5_000 },
      { hide: "a3", ms: 0 },
      { hide: "a4", ms: 0 },
    ]);
    const attempts: number[] = [];
    await bench.run((_event, { attempt }) => attempts.push(attempt), [bench.message({ id: "a3" })]);
    expect(attempts).toEqual([1]);
  });

  test("behind one that became a dead letter its group goes on", async () => {
    const bench = await BatchBench.make(dynamo());
    const handled: string[] = [];
    const back = await bench.run(
      ({ id }) => {
        handled.push(id);
        if (id === "a1") throw new NonRetriableError("never");
      },
      ["a1", "a2"].map((id) => bench.message({ id }, ofGroup(id, "a"))),
    );
    expect(back).toEqual([]);
    expect(handled).toEqual(["a1", "a2"]);
  });

  test("what came in one group for all keys is moved to theirs and deleted, though a handler of the batch still runs", async () => {
    const bench = await BatchBench.make(dynamo());
    const release = Promise.withResolvers<void>();
    const handled: string[] = [];
    const messages = [bench.message({ id: "a1" }, ofGroup("a1", "a"))];
    for (const id of ["a2", "b1"]) messages.push(bench.message({ id }, ofGroup(id, "shared")));
    const batch = bench.batch(async ({ id }) => {
      handled.push(id);
      await release.promise;
    }, messages);
    const run = batch.run();
    await eventually("both are deleted", () => bench.told.length === 2);
    expect(bench.told).toEqual([{ delete: "a2" }, { delete: "b1" }]);
    expect(bench.moved.map((body) => JSON.parse(body).id)).toEqual(["a2", "b1"]);
    release.resolve();
    expect(await run).toEqual([]);
    expect(handled).toEqual(["a1"]);
    expect(batch.counts).toEqual({ [metricNames.delivered]: 1, [metricNames.pathGroups]: 2 });
  });

  test("what could not be moved to the group of its key goes back, in order, and is not handled", async () => {
    const bench = await BatchBench.make(dynamo());
    bench.moving = () => Promise.reject(new BusError("throttled", "slow down"));
    const messages = ["a1", "a2"].map((id) => bench.message({ id }, ofGroup(id, "shared")));
    expect(await bench.run(() => expect.unreachable(), messages)).toEqual(["a1", "a2"]);
    expect(bench.told).toEqual([
      { hide: "a1", ms: 2_000 },
      { hide: "a2", ms: 2_000 },
    ]);
    expect(bench.lines.join()).toContain("could not be moved");
  });

  test("no more than `concurrency` run at once, however large the batch is", async () => {
    const bench = await BatchBench.make(dynamo(), { concurrency: 2 });
    const release = Promise.withResolvers<void>();
    let begun = 0;
    const run = bench.run(
      async () => {
        begun += 1;
        await release.promise;
      },
      ["a", "b", "c", "d", "e"].map((id) => bench.message({ id })),
    );
    await eventually("two run", () => begun === 2);
    // What had been asked of the table by then would have been answered before this is.
    await bench.table.claim(bench.message({ id: "fence" }));
    expect(begun).toBe(2);
    release.resolve();
    expect(await run).toEqual([]);
    expect(begun).toBe(5);
  });

  test("a delivery that the table cannot record comes again, and the others do not", async () => {
    const bench = await BatchBench.make(dynamo());
    const back = await bench.run(
      async ({ id }) => {
        if (id !== "a") return;
        bench.table.deadLettersFail = true;
        throw new NonRetriableError("never");
      },
      [bench.message({ id: "a" }, { id: "a" }), bench.message({ id: "b" }, { id: "b" })],
    );
    expect(back).toEqual(["a"]);
  });

  test("what is logged has neither data nor messages of errors nor stacks", async () => {
    const bench = await BatchBench.make(dynamo(), { attempts: 1 });
    const secret = "the patient's name";
    await bench.run(() => {
      throw new Error(secret);
    }, [bench.message({ id: "a", data: { secret } }), bench.message({ body: secret })]);
    expect(bench.lines.length).toBeGreaterThan(0);
    expect(bench.lines.join("\n")).not.toContain(secret);
    expect(bench.lines.join("\n")).not.toContain("batch-run.test");
  });
});

const event0 = { version: 1, correlationId: "flow", priority: 5 };
