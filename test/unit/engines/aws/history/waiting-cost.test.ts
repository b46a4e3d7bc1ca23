import { expect, test } from "vitest";
import { measureWaiting, type WaitingCase } from "../../../../../bench/cost/waiting.ts";
import { MemoryTable } from "../../../../support/memory-table.ts";

async function measure(one: WaitingCase) {
  const client = new MemoryTable().connect();
  const measured = await measureWaiting(client, "history", one, 8);
  client.destroy();
  return measured;
}

test("a process that waits on a bus where nothing happens takes two read units a second", async () => {
  expect((await measure({ rate: 0, batch: 1, awaited: false })).units).toBeLessThanOrEqual(2);
});

test.each([1, 10])(
  "on one with 100 events a second in batches of %s, none of which it waits for, 15",
  async (batch) => {
    expect((await measure({ rate: 100, batch, awaited: false })).units).toBeLessThanOrEqual(15);
  },
);

test("there, what it waits for takes under 400 ms from its acceptance to the end of the wait, on average", async () => {
  const { units, p50 } = await measure({ rate: 100, batch: 10, awaited: true });
  expect(p50).toBeLessThan(400);
  // It waits anew for each, which takes a poll more.
  expect(units).toBeLessThan(18);
});
