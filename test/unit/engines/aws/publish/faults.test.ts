import { expect, test } from "vitest";
import { publishThroughFaults } from "../../../../support/publish-through-faults.ts";

test("of thousands of events amid throttles, 5xx, resets, hangs and half-failed batches none is lost", async () => {
  const found = await publishThroughFaults({ events: 3_000, share: 0.3, requestTimeoutMs: 1_000, seed: 1 });
  expect(found).toMatchObject({ settledOnce: 3_000, lost: [], strange: [] });
  expect(found.accepted + found.reported).toBe(3_000);
  // The faults did hit: events were sent again, and under the same id.
  expect(found.sentAgain).toBeGreaterThan(0);
});

test("so it is where the bus takes nothing, or does not say that it did, and the dead-letter queue fails at times", async () => {
  const found = await publishThroughFaults({ events: 100, share: 1, queueShare: 0.3, requestTimeoutMs: 200, seed: 2 });
  expect(found).toMatchObject({ settledOnce: 100, lost: [], strange: [] });
  expect(found.reported).toBeGreaterThan(0);
});
