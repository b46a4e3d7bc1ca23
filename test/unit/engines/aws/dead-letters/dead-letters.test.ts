import * as fc from "fast-check";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { deadLetterFilter } from "../../../../../lib/dead-letters/dead-letter-filter.ts";
import type { DeadLetter } from "../../../../../lib/engine/delivery.ts";
import type { DeadLetterQuery } from "../../../../../lib/engine/queries.ts";
import { createDeadLetterTable } from "../../../../../lib/engines/aws/dead-letters/index.ts";
import type { DeadLetterTable } from "../../../../../lib/engines/aws/dependencies.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { type Dynamo, describeDynamo, startDynamo } from "../../../../support/dynamo.ts";
import { historyDependencies, historyTableInput } from "../../../../support/history-table.ts";

const start = Date.UTC(2026, 0, 10);

function aDeadLetter(parts: Partial<DeadLetter> = {}): DeadLetter {
  const at = new Date(start).toISOString();
  const failure = { code: "handler_error", message: "no", stack: "Error: no", at, attempt: 5 } as const;
  return {
    id: "dead-letter-1",
    subscription: "readers",
    event: anEvent(),
    reason: failure,
    attempts: 5,
    failures: [failure],
    acceptedAt: at,
    deadAt: at,
    ...parts,
  };
}

describeDynamo("dead letters in the table", () => {
  let dynamo: Dynamo;
  let store: DeadLetterTable;
  let tables = 0;
  beforeAll(async () => {
    dynamo = await startDynamo();
  });
  afterAll(() => dynamo.close());
  beforeEach(async () => {
    store = await emptyStore();
  });

  async function emptyStore(): Promise<DeadLetterTable> {
    tables += 1;
    await dynamo.createTable(historyTableInput(`dead-${tables}`));
    return createDeadLetterTable(historyDependencies(dynamo.client, `dead-${tables}`));
  }

  test("one comes back as it was, a large one, and one that belongs to no subscription, too", async () => {
    const deadLetter = aDeadLetter();
    const { subscription: _, ...unpublished } = aDeadLetter({ id: "unpublished" });
    const large = aDeadLetter({
      id: "large",
      event: anEvent({ id: "e2", data: { text: "words and ".repeat(20_000) } }),
    });
    for (const one of [deadLetter, unpublished, large]) {
      await store.put(one);
      expect(await store.get(one.id)).toEqual(one);
    }
    expect(await store.get("another")).toBeUndefined();
  });

  test("the same one written again, by two at once too, is one, as it was first", async () => {
    const later = aDeadLetter({ deadAt: new Date(start + 5_000).toISOString() });
    await store.put(aDeadLetter());
    await Promise.all([store.put(later), store.put(later)]);
    expect((await store.list({}, {})).deadLetters).toEqual([aDeadLetter()]);
    expect(await store.count("readers")).toBe(1);
  });

  test("a deleted one is in no list and not counted; it is deleted once", async () => {
    await store.put(aDeadLetter());
    await store.put(aDeadLetter({ id: "dead-letter-2" }));
    expect(await store.delete("dead-letter-1")).toBe(true);
    expect(await store.delete("dead-letter-1")).toBe(false);
    expect(await store.get("dead-letter-1")).toBeUndefined();
    for (const query of [{}, { subscription: "readers" }, { eventId: "event-1" }, { correlationId: "event-1" }]) {
      const { deadLetters } = await store.list(query, {});
      expect(deadLetters.map(({ id }) => id)).toEqual(["dead-letter-2"]);
    }
    expect(await store.count("readers")).toBe(1);
    expect(await store.count("others")).toBe(0);
  });

  test("a cursor of something else is refused", async () => {
    await expect(store.list({}, { cursor: "e1" })).rejects.toMatchObject({ code: "invalid_config" });
  });

  const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined, freq: 1 });
  const ids = fc.constantFrom("event-1", "event-2", "event-3");
  const subscriptions = fc.constantFrom("readers", "writers");
  const types = fc.constantFrom("task.created", "task.failed");
  const codes = fc.constantFrom("timeout", "handler_error");
  const moment = fc.nat(10).map((second) => new Date(start + second * 1_000).toISOString());
  const deadLetters = fc.array(
    fc.record({ id: ids, flow: ids, subscription: maybe(subscriptions), type: types, code: codes, deadAt: moment }),
    { maxLength: 30, size: "max" },
  );
  const queries = fc.array(
    fc.record({
      subscription: maybe(subscriptions),
      type: maybe(fc.oneof(types, fc.constant("task.*"))),
      correlationId: maybe(ids),
      eventId: maybe(ids),
      code: maybe(codes),
      since: maybe(moment),
      until: maybe(moment),
    }),
    { minLength: 8, maxLength: 8 },
  );

  test("a query finds what a filter over all of them finds, page by page, newest first", {
    timeout: 60_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(deadLetters, queries, fc.constantFrom(1, 2, 7), async (made, asked, limit) => {
        const filled = await emptyStore();
        const all = made.map(({ id, flow, subscription, type, code, deadAt }, index) => {
          const deadLetter = aDeadLetter({
            id: `dead-letter-${String(index).padStart(2, "0")}`,
            deadAt,
            event: anEvent({ id, type, metadata: { correlationId: flow } }),
            reason: { ...aDeadLetter().reason, code },
          });
          const { subscription: _, ...unpublished } = deadLetter;
          return subscription === undefined ? unpublished : { ...deadLetter, subscription };
        });
        for (const deadLetter of all) await filled.put(deadLetter);
        const newestFirst = all.toSorted((one, other) =>
          `${one.deadAt}${one.id}` < `${other.deadAt}${other.id}` ? 1 : -1,
        );
        for (const wanted of [{}, ...asked]) {
          const query: DeadLetterQuery = Object.fromEntries(
            Object.entries(wanted).filter(([, value]) => value !== undefined),
          );
          const found: DeadLetter[] = [];
          let cursor: string | undefined;
          do {
            const page = await filled.list(query, { limit, ...(cursor === undefined ? {} : { cursor }) });
            found.push(...page.deadLetters);
            cursor = page.cursor;
          } while (cursor !== undefined);
          expect(found).toEqual(newestFirst.filter(deadLetterFilter(query)));
        }
      }),
      { numRuns: 10 },
    );
  });
});
