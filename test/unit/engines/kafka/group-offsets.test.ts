import { expect, test } from "vitest";
import type { SubscriptionState } from "../../../../lib/engine/subscription-store.ts";
import { GroupOffsets } from "../../../../lib/engines/kafka/upkeep/group-offsets.ts";
import { aRecord } from "../../../support/a-record.ts";

test("the offsets of a subscription stay where the oldest delivery was accepted that has not ended, and are told once", async () => {
  let at = 100_000;
  let position = 0;
  let state: Partial<SubscriptionState> = {};
  const told: unknown[] = [];
  const idle = { ephemeral: false, waiting: 0, delayed: 0, running: 0, oldestAgeMs: 0, deadLetters: 0 };
  const list = async () => [{ record: aRecord({ name: "a" }), ...idle, ...state }];
  const offsets = new GroupOffsets({
    subscriptions: { list },
    feeds: async () => new Map([["kafka:t/0@id", position]]),
    openWriter: () => ({ write: async (...group) => void told.push(group), close: () => {} }),
    groupOf: (name) => `group.${name}`,
    partitionOf: (feed) => (feed.startsWith("kafka:t/") ? { topic: "t", partition: 0 } : undefined),
    now: () => at,
  });
  const tell = async (ms: number, next: number, more: Partial<SubscriptionState>) => {
    at += ms;
    position = next;
    state = more;
    told.length = 0;
    await offsets.tell();
    return told.map((one) => JSON.stringify(one, (_, value) => (typeof value === "bigint" ? Number(value) : value)));
  };
  const moved = (offset: number) => [
    JSON.stringify(["group.a", [{ name: "t", partitionOffsets: [{ partition: 0, offset }] }]]),
  ];

  expect(await tell(5_000, 10, {})).toEqual(moved(10));
  expect(await tell(5_000, 10, {})).toEqual([]);
  // One was accepted just now, another since: the group stays before both.
  expect(await tell(5_000, 20, { running: 1, oldestAgeMs: 1_000 })).toEqual([]);
  expect(await tell(5_000, 30, { running: 1, waiting: 3, oldestAgeMs: 6_000 })).toEqual([]);
  // That one has ended, and the next is younger.
  expect(await tell(5_000, 40, { delayed: 1, oldestAgeMs: 2_000 })).toEqual(moved(30));
  expect(await tell(5_000, 40, {})).toEqual(moved(40));
  // What history holds is still to come.
  expect(await tell(5_000, 50, { backfilling: true })).toEqual([]);
});
