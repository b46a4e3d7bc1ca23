import * as fc from "fast-check";
import { expect, test } from "vitest";
import { BatchSender } from "../../../../../lib/engines/aws/publish/batch-sender.ts";
import type { BatchTarget, GivenUp } from "../../../../../lib/engines/aws/publish/batch-target.ts";
import { BusError } from "../../../../../lib/error/bus-error.ts";
import { ManualClock, turn } from "../../../../../lib/testing/manual-clock.ts";

interface Thing {
  readonly id: number;
  readonly bytes: number;
}
type Send = (things: readonly Thing[]) => Promise<readonly (BusError | undefined)[]>;

const maxBytes = 1_000;
const throttled = () => new BusError("throttled", "slow down");
const unavailable = () => new BusError("unavailable", "not now");
const refused = () => new BusError("unavailable", "malformed", { retryable: false, details: { status: 400 } });
const allWell: Send = async (things) => things.map(() => undefined);

/** A target that does as it is told, and its requests. */
function sending(send: Send, retryBudget = { attempts: 10, forMs: 30_000 }) {
  const clock = new ManualClock();
  const requests: (readonly Thing[])[] = [];
  const ended = new Map<number, (GivenUp | undefined)[]>();
  const order: number[] = [];
  const target: BatchTarget<Thing, Thing> = {
    maxBytes,
    maxRequests: 8,
    entryOf: (thing) => {
      if (thing.bytes > maxBytes) throw new BusError("event_too_large", "too large");
      return thing;
    },
    bytesOf: (thing) => thing.bytes,
    send: (things) => {
      requests.push(things);
      return send(things);
    },
    mayBeOneEntry: ({ details }) => details.status === 400,
    ended: ({ id }, givenUp) => {
      ended.get(id)?.push(givenUp);
      order.push(id);
    },
  };
  const sender = new BatchSender(target, retryBudget, { clock, random: () => 0.5 });
  const add = (thing: Thing, urgent = false) => {
    ended.set(thing.id, []);
    sender.add(thing, urgent);
  };
  const addMany = (count: number, from = 0) => {
    for (let id = from; id < from + count; id += 1) add({ id, bytes: 1 });
  };
  return { add, addMany, clock, ended, order, requests, sender };
}

/** Answers that the test gives when it likes. */
function held(): { send: Send; answer(index: number, errors?: readonly (BusError | undefined)[]): Promise<void> } {
  const waiting: ((errors: readonly (BusError | undefined)[]) => void)[] = [];
  return {
    send: () => new Promise((resolve) => waiting.push(resolve)),
    answer: async (index, errors = []) => {
      waiting[index]?.(errors);
      await turn();
      await turn();
    },
  };
}

/** Time goes on in steps of 10 ms, and requests have their turns in each. */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 10) {
    await clock.advance(10);
    for (let turns = 0; turns < 4; turns += 1) await turn();
  }
}

test("the first goes at once, with what came in the same turn", async () => {
  const { addMany, clock, requests } = sending(allWell);
  addMany(3);
  await turn();
  expect(requests.map((things) => things.length)).toEqual([3]);
  expect(clock.nextDue).toBeUndefined();
});

test("thousands of concurrent callers fill every batch", async () => {
  const { addMany, ended, requests, sender } = sending(allWell);
  addMany(2_000);
  await sender.idle();
  expect(requests.every((things) => things.length === 10)).toBe(true);
  expect([...ended.values()].every((results) => results.length === 1 && results[0] === undefined)).toBe(true);
});

test("while requests are under way callers gather, for 10 ms at most", async () => {
  const { send } = held();
  const { add, clock, requests } = sending(send);
  for (let id = 0; id < 4; id += 1) {
    add({ id, bytes: 1 });
    await turn();
  }
  add({ id: 4, bytes: 1 });
  await turn();
  add({ id: 5, bytes: 1 });
  await turn();
  expect(requests).toHaveLength(4);
  await clock.advance(9);
  expect(requests).toHaveLength(4);
  await clock.advance(1);
  expect(requests.slice(4).map((things) => things.map(({ id }) => id))).toEqual([[4, 5]]);
});

test("requests under way are bounded, and what is urgent goes before what waits", async () => {
  const { send, answer } = held();
  const { add, addMany, requests } = sending(send);
  addMany(200);
  await turn();
  expect(requests).toHaveLength(8);
  add({ id: 1_000, bytes: 1 }, true);
  await answer(0);
  expect(requests[8]?.[0]?.id).toBe(1_000);
});

test("an entry that failed is sent again, its batch-mates are not", async () => {
  let first = true;
  const { addMany, clock, ended, requests } = sending(async (things) => {
    if (!first) return things.map(() => undefined);
    first = false;
    return things.map(({ id }) => (id === 3 ? unavailable() : undefined));
  });
  addMany(10);
  await turn();
  await clock.advance(1_000);
  expect(requests.map((things) => things.map(({ id }) => id))).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [3]]);
  expect([...ended.values()]).toEqual(Array(10).fill([undefined]));
});

test("each error of an entry is kept until it is given up", async () => {
  const { add, clock, ended, requests } = sending(async () => [unavailable()], { attempts: 4, forMs: 30_000 });
  add({ id: 0, bytes: 1 });
  await clock.advance(30_000);
  expect(requests).toHaveLength(4);
  expect(ended.get(0)).toMatchObject([{ attempts: 4, failures: [1, 2, 3, 4].map((attempt) => ({ attempt })) }]);
});

test("an entry is not sent again once its time is over", async () => {
  const { add, clock, ended, requests } = sending(async () => [unavailable()], { attempts: 100, forMs: 1_000 });
  add({ id: 0, bytes: 1 });
  await clock.advance(60_000);
  expect(ended.get(0)).toHaveLength(1);
  expect(requests.length).toBeLessThan(8);
});

test("a final error is not tried again", async () => {
  const final = new BusError("invalid_event", "malformed");
  const { add, clock, ended, requests } = sending(async () => [final]);
  add({ id: 0, bytes: 1 });
  await clock.advance(60_000);
  expect(requests).toHaveLength(1);
  expect(ended.get(0)).toMatchObject([{ error: final, attempts: 1 }]);
});

test("one that makes its whole request be refused harms no other", async () => {
  const { addMany, ended, sender } = sending(async (things) => {
    if (things.some(({ id }) => id === 4)) throw refused();
    return things.map(() => undefined);
  });
  addMany(10);
  await sender.idle();
  expect([...ended].filter(([, [givenUp]]) => givenUp !== undefined).map(([id]) => id)).toEqual([4]);
  expect(ended.get(4)).toMatchObject([{ attempts: 1 }]);
});

test("what is unfit is refused unsent, and its neighbours go", async () => {
  const { add, ended, requests, sender } = sending(allWell);
  add({ id: 0, bytes: 1 });
  add({ id: 1, bytes: maxBytes + 1 });
  add({ id: 2, bytes: 1 });
  await sender.idle();
  expect(requests.map((things) => things.map(({ id }) => id))).toEqual([[0, 2]]);
  expect(ended.get(1)).toMatchObject([{ error: { code: "event_too_large" }, attempts: 0, failures: [] }]);
});

test("throttles make fewer requests at once, and successes more again", async () => {
  let throttling = true;
  let underWay = 0;
  let most = 0;
  const { addMany, clock, ended } = sending(
    async (things) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await turn();
      underWay -= 1;
      return things.map(() => (throttling ? throttled() : undefined));
    },
    { attempts: 1_000, forMs: 1e9 },
  );
  addMany(1_000);
  await pass(clock, 20_000);
  most = 0;
  await pass(clock, 20_000);
  expect(most).toBe(1);
  throttling = false;
  await pass(clock, 60_000);
  expect([...ended.values()].every((results) => results.length === 1 && results[0] === undefined)).toBe(true);
  most = 0;
  addMany(1_000, 1_000);
  await pass(clock, 1_000);
  expect(most).toBe(8);
});

test("where even one request at a time is throttled there are pauses between them", async () => {
  const { addMany, clock, requests } = sending(async (things) => things.map(throttled), {
    attempts: 1_000,
    forMs: 1e9,
  });
  addMany(100);
  await pass(clock, 30_000);
  const before = requests.length;
  await pass(clock, 60_000);
  // Pauses are 3.75 s by then: half of 5 s, and half of the other half.
  expect(requests.length - before).toBeLessThanOrEqual(17);
  expect(requests.length - before).toBeGreaterThan(10);
});

test("what waits while nothing gets through is given up in the end, too", async () => {
  const { addMany, clock, ended } = sending(
    async () => new Promise((_, reject) => clock.setTimer(() => reject(unavailable()), 10_000)),
    { attempts: 10, forMs: 30_000 },
  );
  addMany(5_000);
  await clock.advance(200_000);
  expect(
    [...ended.values()].every(([givenUp, ...more]) => givenUp?.error.code === "unavailable" && more.length === 0),
  ).toBe(true);
});

const outcomes = fc.constantFrom("ok", "ok", "ok", "throttled", "unavailable", "final", "request", "refused");

test("whatever sizes and faults: ten and the bytes at most, in order, each ends once", async () => {
  const things = fc.array(
    fc.record({ bytes: fc.integer({ min: 1, max: maxBytes + 50 }), outcomes: fc.array(outcomes, { maxLength: 12 }) }),
    { maxLength: 80 },
  );
  await fc.assert(
    fc.asyncProperty(things, async (specs) => {
      const turns = specs.map(({ outcomes: list }) => [...list]);
      const { add, clock, ended, order, requests, sender } = sending(async (batch) => {
        const now = batch.map(({ id }) => turns[id]?.shift() ?? "ok");
        if (now.includes("refused")) throw refused();
        if (now.includes("request")) throw unavailable();
        return now.map((outcome) => {
          if (outcome === "throttled") return throttled();
          if (outcome === "unavailable") return unavailable();
          return outcome === "final" ? new BusError("invalid_event", "malformed") : undefined;
        });
      });
      for (const [id, { bytes }] of specs.entries()) add({ id, bytes });
      let over = false;
      void sender.idle().then(() => {
        over = true;
      });
      while (!over) await pass(clock, 100);
      for (const request of requests) {
        expect(request.length).toBeGreaterThan(0);
        expect(request.length).toBeLessThanOrEqual(10);
        expect(request.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(maxBytes);
      }
      expect([...ended.values()].every((results) => results.length === 1)).toBe(true);
      for (const [id, { bytes }] of specs.entries()) {
        const tooLarge = ended.get(id)?.[0]?.error.code === "event_too_large";
        expect(tooLarge).toBe(bytes > maxBytes);
      }
      const untroubled = order.filter((id) => specs[id]?.outcomes.every((outcome) => outcome === "ok"));
      if (specs.every(({ bytes, outcomes: list }) => bytes <= maxBytes && list.every((outcome) => outcome === "ok"))) {
        expect(untroubled).toEqual(specs.map((_, id) => id));
      }
    }),
    { numRuns: 200 },
  );
});
