import fc from "fast-check";
import { expect, test } from "vitest";
import { deliveryKey, locksOf } from "../../../../../lib/engines/aws/deliveries/keys.ts";
import { markReplay } from "../../../../../lib/replay/replay-mark.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";

const name = fc.constantFrom("lock", "one", "two");
const part = fc.string({ unit: fc.constantFrom("#", "%", "a", "2", "3", ":"), minLength: 1, maxLength: 4 });
const delivery = fc.record({ name, id: part, replay: fc.option(part, { nil: undefined }) });
const keyOf = ({ name, id, replay }: { name: string; id: string; replay: string | undefined }) => {
  const event = anEvent({ id });
  return deliveryKey(name, replay === undefined ? event : markReplay(event, replay));
};

test("two deliveries have one key only where they are the same; none is a lock's", () => {
  fc.assert(
    fc.property(delivery, delivery, (left, right) => {
      const same = left.name === right.name && left.id === right.id && left.replay === right.replay;
      expect(keyOf(left) === keyOf(right)).toBe(same);
      const locks = locksOf(aRecord({ ordered: "data.key", concurrency: 1 }), anEvent({ data: { key: right.id } }));
      for (const { pk } of locks) expect(pk).not.toBe(keyOf(left));
    }),
    { numRuns: 1_000 },
  );
});

test("locks are one a key and one a subscription, and short whatever the key is", () => {
  const long = anEvent({ data: { key: ["x".repeat(10_000)] } });
  expect(locksOf(aRecord(), long)).toEqual([]);
  const [key, slot] = locksOf(aRecord({ ordered: "data.key", concurrency: 1 }), long);
  expect(key).toEqual({ kind: "key", pk: expect.stringMatching(/^lock:one#.{43}$/) });
  expect(slot).toEqual({ kind: "slot", pk: "lock:one" });
  expect(locksOf(aRecord({ ordered: "source" }), anEvent({ source: "a" }))).not.toEqual(
    locksOf(aRecord({ ordered: "source" }), anEvent({ source: "b" })),
  );
});
