import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import * as z from "zod";
import type { Position } from "../../../../../lib/engine/event-log.ts";
import type { AwsDependencies, HistoryTable } from "../../../../../lib/engines/aws/dependencies.ts";
import { createHistoryTable } from "../../../../../lib/engines/aws/history/index.ts";
import { createIds } from "../../../../../lib/event/id.ts";
import { ManualClock } from "../../../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../../../support/dynamo.ts";
import { heldRequests } from "../../../../support/held-requests.ts";
import { historyDependencies, historyTableInput } from "../../../../support/history-table.ts";

const minuteMs = 60_000;
const logPut = z.object({ Item: z.object({ pk: z.object({ S: z.string().startsWith("log#") }) }) });
const isLogPut = (input: unknown) => logPut.safeParse(input).success;
const isQuery = (input: unknown) => z.object({ KeyConditionExpression: z.string() }).safeParse(input).success;

describeDynamo("the log of what is recorded", () => {
  let dynamo: Dynamo;
  let clock: ManualClock;
  let nextId: () => string;
  let dependencies: AwsDependencies;
  let store: HistoryTable;
  let tables = 0;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.close());
  beforeEach(async () => {
    tables += 1;
    await dynamo.createTable(historyTableInput(`log-${tables}`));
    clock = new ManualClock();
    nextId = createIds({ now: clock.now });
    dependencies = historyDependencies(dynamo.client, `log-${tables}`, { clock, nextId });
    store = createHistoryTable(dependencies);
  });

  /** Records one event that was accepted just now, or then. */
  async function record(by: HistoryTable = store, acceptedAt = clock.now()): Promise<string> {
    const id = acceptedAt === clock.now() ? nextId() : createIds({ now: () => acceptedAt })();
    expect(await by.record([{ event: anEvent({ id }), acceptedAt }])).toEqual({ failed: [] });
    await clock.advance(1);
    return id;
  }

  /** A store of which requests of one kind wait at the door of the table while they are held. */
  function slowStore(waits: (input: unknown) => boolean) {
    const client = dynamo.connect();
    return {
      ...heldRequests(client, waits),
      store: createHistoryTable(historyDependencies(client, dependencies.config.historyTable, { clock, nextId })),
      close: () => client.destroy(),
    };
  }

  async function readOn(from: Position, limit = 256, by = store): Promise<{ ids: string[]; position: Position }> {
    const ids: string[] = [];
    let position = from;
    for (;;) {
      const read = await by.readAfter(position, limit);
      expect(read.events.length).toBeLessThanOrEqual(limit);
      for (const recorded of read.events) {
        expect(recorded.position > position).toBe(true);
        ids.push(recorded.event.id);
      }
      if (read.position === position) return { ids, position };
      expect(read.position > position).toBe(true);
      position = read.position;
    }
  }

  /** Begins to record an event, whose row of the log is held until others may have come three seconds later. */
  async function overtaken(slow: ReturnType<typeof slowStore>) {
    const arrived = slow.hold();
    const late = nextId();
    const recording = slow.store.record([{ event: anEvent({ id: late }), acceptedAt: clock.now() }]);
    await arrived;
    await clock.advance("3s");
    return { late, recording };
  }

  test("from the end on, what is recorded afterwards is read once and in order", async () => {
    await record();
    const end = await store.position("end");
    expect(await readOn(end)).toEqual({ ids: [], position: end });
    const ids = [await record(), await record(), await record()];
    const read = await readOn(end, 2);
    expect(read.ids).toEqual(ids);
    const more = await record();
    expect((await readOn(read.position)).ids).toEqual([more]);
    expect((await readOn(end)).ids).toEqual([...ids, more]);
  });

  test("a row that appears behind one with a later time is read all the same, once, and by those who came in between", async () => {
    await record();
    const since = clock.now();
    const before = await store.position("end");
    // A recorder takes its position in the log, and is overtaken before its row is there.
    const slow = slowStore(isLogPut);
    const { late, recording } = await overtaken(slow);
    const fast = await record();
    const between = await store.position("end");
    const another = createHistoryTable(dependencies);
    const ofAnother = await another.position("end");
    expect(await readOn(between)).toEqual({ ids: [], position: between });
    slow.release();
    expect(await recording).toEqual({ failed: [] });

    expect((await readOn(between)).ids).toEqual([late]);
    expect((await readOn(before)).ids).toEqual([fast, late]);
    expect((await readOn(ofAnother, 256, another)).ids).toEqual([late]);
    // Its row is in the past of the other process, which saw it only afterwards.
    expect((await readOn(await another.position({ time: since }), 256, another)).ids).toEqual([fast, late]);
    slow.close();
  });

  test.each(["first", "later"])("the end is as of the call, however long its %s poll takes", async (poll) => {
    await record();
    const slow = slowStore(isQuery);
    if (poll === "later") await slow.store.position("end");
    await record();
    const arrived = slow.hold();
    const end = slow.store.position("end");
    await arrived;
    const meanwhile = await record();
    slow.release();
    expect((await readOn(await end, 256, slow.store)).ids).toEqual([meanwhile]);
    slow.close();
  });

  test("a row that appears in the past while that is read comes once", async () => {
    const since = clock.now();
    const first = await record();
    const slow = slowStore(isLogPut);
    const { late, recording } = await overtaken(slow);
    const last = await record();
    const read = await store.readAfter(await store.position({ time: since }), 1);
    expect(read.events.map(({ event }) => event.id)).toEqual([first]);
    slow.release();
    expect(await recording).toEqual({ failed: [] });
    expect((await readOn(read.position, 1)).ids.sort()).toEqual([late, last].sort());
    slow.close();
  });

  test("what is recorded late is seen when it is recorded", async () => {
    const end = await store.position("end");
    await record();
    const read = await readOn(end);
    const late = await record(store, clock.now() - 9 * minuteMs);
    expect((await readOn(read.position)).ids).toEqual([late]);
  });

  test("from a time on, what was accepted since, then what comes, each once, in pages of any size", async () => {
    await record();
    await clock.advance("1s");
    const since = clock.now();
    const ids = [await record(), await record(), await record()];
    const position = await store.position({ time: since });
    for (const limit of [1, 2, 256]) expect((await readOn(position, limit)).ids).toEqual(ids);
    const read = await readOn(position);
    await clock.advance("1s");
    const more = [await record(), await record()];
    expect((await readOn(read.position, 1)).ids).toEqual(more);
    expect((await readOn(position)).ids).toEqual([...ids, ...more]);
    // Recorded now, but accepted before: it is not since then.
    await record(store, since - minuteMs);
    expect((await readOn(position)).ids).toEqual([...ids, ...more]);
  });

  test("after an event come those accepted after it, although one was recorded before", async () => {
    const cause = nextId();
    await clock.advance(5);
    const effect = await record();
    const at = clock.now() - 6;
    expect(await store.record([{ event: anEvent({ id: cause }), acceptedAt: at }])).toEqual({ failed: [] });
    expect((await readOn(await store.position({ eventId: cause }))).ids).toEqual([effect]);
  });

  test("an event of our own that is on its way is a position already; another id is waited for, then unknown", async () => {
    const onItsWay = nextId();
    const position = await store.position({ eventId: onItsWay });
    const next = await record();
    expect((await readOn(position)).ids).toEqual([next]);

    const unknown = store.position({ eventId: "nobody" });
    const refused = expect(unknown).rejects.toMatchObject({ code: "not_found" });
    let settled = false;
    unknown
      .catch(() => {})
      .finally(() => {
        settled = true;
      });
    while (!settled) {
      await clock.advance("500ms");
      await new Promise((resolve) => setImmediate(resolve));
    }
    await refused;
  });

  test("positions that are given out later are later, and the past lies before the end", async () => {
    const first = await store.position("end");
    await record();
    const second = await store.position("end");
    expect(first < second).toBe(true);
    expect((await store.position({ time: clock.now() - 1_000 })) < second).toBe(true);
  });
});
