import { expect, test } from "vitest";
import { Outage } from "../../../../../lib/engines/aws/publish/outage.ts";
import { BusError } from "../../../../../lib/error/bus-error.ts";

const error = new BusError("unavailable", "not now");
const later = new BusError("throttled", "slow down");

test("an outage counts from its begin, or from when one came into it, and has the last error", () => {
  const outage = new Outage();
  expect(outage.errorAfter(0, 0, 1_000)).toBeUndefined();
  outage.goesOn(error, 1_000);
  outage.goesOn(later, 2_000);
  expect(outage.errorAfter(500, 0, 1_499)).toBeUndefined();
  expect(outage.errorAfter(500, 0, 1_500)).toBe(later);
  expect(outage.errorAfter(500, 1_400, 1_500)).toBeUndefined();
});

test("what gets through ends it, and the next one counts anew", () => {
  const outage = new Outage();
  outage.goesOn(error, 1_000);
  outage.end();
  expect(outage.errorAfter(0, 0, 5_000)).toBeUndefined();
  outage.goesOn(error, 5_000);
  expect(outage.errorAfter(500, 0, 5_400)).toBeUndefined();
});
