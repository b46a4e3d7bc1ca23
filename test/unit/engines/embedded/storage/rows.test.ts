import { expect, test } from "vitest";
import { parseRecord } from "../../../../../lib/engines/embedded/storage/rows.ts";
import { subscriptionRecord } from "../../../../../lib/subscription/record.ts";

test("a stored subscription is read with every setting", () => {
  const record = subscriptionRecord({
    name: "all",
    on: ["task.*"],
    where: { data: { kind: ["document"] } },
    attempts: 3,
    backoff: { from: "2s", to: "1m" },
    timeout: "5s",
    concurrency: 7,
    concurrencyPerKey: { key: "data.customerId", limit: 2 },
    throttle: { limit: 100, per: "1m", key: "data.customerId" },
    ordered: "data.taskId",
    idempotent: false,
    dedupeFor: "1d",
    from: "beginning",
    maxBacklog: 1_000,
  });
  expect(parseRecord(JSON.stringify(record))).toEqual(record);
  const { key: _, ...unkeyed } = { ...record.throttle };
  const throttledOnly = { ...record, throttle: unkeyed };
  expect(parseRecord(JSON.stringify(throttledOnly))).toEqual(throttledOnly);
});
