import { expect, test } from "vitest";
import { functionMarginMs } from "../../../lib/aws-shared/index.ts";
import type { RegisteredEvents } from "../../../lib/bus/register.ts";
import type { HandlerContext } from "../../../lib/delivery/handler.ts";
import { describeDynamo } from "../../support/dynamo.ts";
import { eventually } from "../../support/eventually.ts";
import { dynamoForFile } from "../engines/aws/deliveries/bench.ts";
import { BatchBench } from "./batch-bench.ts";

const timeout = 10_000;

/** Ends when its signal fires. */
function untilAborted(_event: unknown, { signal }: HandlerContext<RegisteredEvents>): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

describeDynamo("the time of an invocation", () => {
  const dynamo = dynamoForFile();

  test("a run is aborted when the subscription's timeout is over, and tried again", async () => {
    const bench = await BatchBench.make(dynamo(), { timeout });
    const { clock } = bench.table;
    let begun = false;
    const run = bench.run(
      (...given) => {
        begun = true;
        return untilAborted(...given);
      },
      [bench.message({ id: "slow" }, { id: "slow" })],
    );
    await eventually("the handler runs", () => begun);
    await clock.advance(timeout);
    expect(await run).toEqual(["slow"]);
    await clock.advance("1m");
    expect((await claimAgain(bench, "slow")).failures).toMatchObject([{ code: "timeout", attempt: 1 }]);
  });

  test("a function that ends before the timeout aborts its handlers in time, and that counts", async () => {
    const bench = await BatchBench.make(dynamo(), { timeout: 3_600_000 });
    const { clock } = bench.table;
    let abortedAt = 0;
    let begun = false;
    const run = bench.run(
      async (event, context) => {
        begun = true;
        try {
          await untilAborted(event, context);
        } finally {
          abortedAt = clock.now();
        }
      },
      [bench.message({ id: "slow" }, { id: "slow" })],
      { remainingMs: 20_000 },
    );
    const startedAt = clock.now();
    await eventually("the handler runs", () => begun);
    await clock.advance(19_000);
    expect(await run).toEqual(["slow"]);
    expect(abortedAt - startedAt).toBeLessThanOrEqual(20_000 - functionMarginMs / 2);
    expect((await claimAgain(bench, "slow")).attempt).toBe(2);
  });

  test("a run that began late and is cut short is not to blame: its attempt does not count", async () => {
    const bench = await BatchBench.make(dynamo(), { timeout });
    const { clock } = bench.table;
    const started: string[] = [];
    const run = bench.run(
      async (event, context) => {
        started.push(event.id);
        if (event.id === "b") return untilAborted(event, context);
        await clock.advance(4_000);
        return undefined;
      },
      ["a", "b"].map((id) => bench.message({ id }, { id, groupId: "g" })),
      { remainingMs: timeout + functionMarginMs / 2 },
    );
    await eventually("the second runs", () => started.includes("b"));
    await clock.advance(6_000);
    expect(await run).toEqual(["b"]);
    expect(bench.told).toEqual([{ hide: "b", ms: 0 }]);
    expect((await claimAgain(bench, "b")).attempt).toBe(1);
  });

  test("a message for which there is too little time goes back untouched", async () => {
    const bench = await BatchBench.make(dynamo(), { timeout });
    const { clock } = bench.table;
    const started: string[] = [];
    const back = await bench.run(
      async ({ id }) => {
        started.push(id);
        await clock.advance(6_000);
      },
      ["a", "b"].map((id) => bench.message({ id }, { id, groupId: "g" })),
      { remainingMs: timeout + functionMarginMs / 2 },
    );
    expect(started).toEqual(["a"]);
    expect(back).toEqual(["b"]);
    expect((await claimAgain(bench, "b")).attempt).toBe(1);
  });

  test("while a handler ignores its abort the function does not end, and sees to the others before Lambda ends it", async () => {
    const bench = await BatchBench.make(dynamo(), { timeout });
    const { clock } = bench.table;
    const release = Promise.withResolvers<void>();
    let running = 0;
    let ended = false;
    const run = bench
      .run(
        async ({ id }) => {
          running += 1;
          if (id === "deaf") await release.promise;
        },
        ["deaf", "done"].map((id) => bench.message({ id }, { id })),
      )
      .finally(() => {
        ended = true;
      });
    await eventually("both run, and one has ended", async () => running === 2 && (await isDone(bench, "done")));
    await clock.advance(timeout + 4_000);
    expect(ended).toBe(false);
    // Not before Lambda has ended it for certain: then the retry may run.
    expect(bench.told).toEqual([{ hide: "deaf", ms: 2_000 }, { delete: "done" }]);
    expect(
      await bench.table.store.claim(bench.message({ id: "deaf" }), bench.table.record, { leaseMs: 1 }),
    ).toMatchObject({
      why: "retryLater",
    });
    bench.table.clock.set(clock.now() + 2_000);
    // What Lambda would have ended: the retry runs, and the ended attempt counts.
    expect((await claimAgain(bench, "deaf")).attempt).toBe(2);
    release.resolve();
    await run;
  });
});

async function claimAgain(bench: BatchBench, id: string) {
  return bench.table.claim(bench.message({ id }));
}

async function isDone(bench: BatchBench, id: string): Promise<boolean> {
  const claimed = await bench.table.store.claim(bench.message({ id }), bench.table.record, { leaseMs: 1_000 });
  return "why" in claimed && claimed.why === "duplicate";
}
