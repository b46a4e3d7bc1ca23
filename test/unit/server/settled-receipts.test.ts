import { expect, test } from "vitest";
import { SettledReceipts } from "../../../lib/server/pull/settled-receipts.ts";

test("the last ones are known, at least as many as asked for and at most twice that", () => {
  const settled = new SettledReceipts(10);
  for (let n = 0; n < 95; n += 1) {
    settled.add(`r${n}`, n % 2 === 0 ? "ack" : "reject");
    const known = Array.from({ length: 95 }, (_, one) => one).filter((one) => settled.get(`r${one}`) !== undefined);
    expect(known.length).toBeLessThanOrEqual(20);
    expect(known.slice(-10)).toEqual(Array.from({ length: n + 1 }, (_, one) => one).slice(-10));
  }
  expect([settled.get("r94"), settled.get("r93"), settled.get("r0")]).toEqual(["ack", "reject", undefined]);
});
