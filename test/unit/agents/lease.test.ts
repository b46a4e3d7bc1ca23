import { join } from "node:path";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { checkFence, claim } from "../../../lib/agents/index.ts";
import { freeLease, type LeaseState, reduceLease } from "../../../lib/agents/lease-state.ts";
import { connect } from "../../../lib/connect/index.ts";
import type { Event } from "../../../lib/event/event.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const resource = "file:src/a.ts";

test("a resource has one holder; the next one gets it with a greater fence", async () => {
  const bus = testBus();
  const first = await claim(bus, resource, { holder: "one" });
  await expect(claim(bus, resource, { holder: "two" })).rejects.toMatchObject({
    code: "conflict",
    message: "file:src/a.ts is held by one; give `wait` to take its turn",
    details: { resource, heldBy: "one" },
  });
  const waits = claim(bus, resource, { holder: "two", wait: "1m" });
  await bus.clock.advance("1s");
  await first.release();
  const second = await waits;
  expect(second.fence).toBeGreaterThan(first.fence);
  expect(first.signal.aborted).toBe(true);
  await expect(checkFence(bus, resource, first.fence)).rejects.toMatchObject({ code: "conflict" });
  await checkFence(bus, resource, second.fence);
  await second.release();
  await expect(checkFence(bus, resource, second.fence)).rejects.toThrow("nobody holds the lease");
  expect(bus.published.map(({ type }) => type)).toEqual([
    "lease.requested",
    "lease.acquired",
    "lease.requested",
    "lease.requested",
    "lease.released",
    "lease.acquired",
    "lease.released",
  ]);
});

test("a lease is kept for as long as its holder lives", async () => {
  const bus = testBus();
  const lease = await claim(bus, resource, { holder: "one", ttl: "3s" });
  await bus.clock.advance("1h");
  expect(lease.signal.aborted).toBe(false);
  await expect(claim(bus, resource, { holder: "two" })).rejects.toMatchObject({ code: "conflict" });
  await lease.release();
  await bus.clock.advance("1m");
  expect(bus.clock.nextDue).toBeUndefined();
});

/** What a holder has published whose process died then. */
function deadHolder(leaseId: string, ttlMs: number) {
  return {
    type: "lease.requested",
    data: { resource, holder: leaseId, leaseId, ttlMs },
    metadata: { correlationId: `lease:${resource}` },
  } as const;
}

test("a holder that has died loses it to who waits, after its time", async () => {
  const bus = testBus();
  await bus.publish(deadHolder("dead", 5_000));
  const waits = claim(bus, resource, { holder: "two", wait: "1m" });
  await bus.clock.advance("4999ms");
  expect(bus.published.some(({ type }) => type === "lease.acquired")).toBe(false);
  await bus.clock.advance("1ms");
  await expect(waits).resolves.toMatchObject({ holder: "two" });
  expect(bus.published.find(({ type }) => type === "lease.lost")?.data).toMatchObject({ holder: "dead" });
});

test("a holder that has died long ago stands in nobody's way", async () => {
  const bus = testBus();
  await bus.publish(deadHolder("dead", 5_000));
  await bus.clock.advance("10001ms");
  await expect(claim(bus, resource, { holder: "two" })).resolves.toMatchObject({ holder: "two" });
});

test("a holder learns that its lease went to another one", async () => {
  const bus = testBus();
  const lease = await claim(bus, resource, { holder: "one", ttl: "3s" });
  const [{ data }] = bus.published as [Event<string, { leaseId: string }>];
  const { leaseId } = data;
  const lost = { resource, holder: "one", fence: lease.fence, leaseId, renewals: 0 };
  await bus.publish({ type: "lease.lost", data: lost, metadata: { correlationId: `lease:${resource}` } });
  await bus.clock.advance("1s");
  expect(lease.signal.reason).toMatchObject({ message: "the lease of file:src/a.ts went to another holder" });
});

test("who gives up waiting leaves the line", async () => {
  const bus = testBus();
  const first = await claim(bus, resource, { holder: "one" });
  const late = claim(bus, resource, { holder: "two", wait: "5s" });
  const controller = new AbortController();
  const aborted = claim(bus, resource, { holder: "three", wait: "1m", signal: controller.signal });
  const ends = Promise.allSettled([late, aborted]);
  const waits = claim(bus, resource, { holder: "four", wait: "1m" });
  await bus.clock.advance("1s");
  controller.abort();
  await bus.clock.advance("5s");
  expect((await ends).map((one) => one.status === "rejected" && one.reason.code)).toEqual(["timeout", "aborted"]);
  await first.release();
  await expect(waits).resolves.toMatchObject({ holder: "four" });
});

test("what a handler claims is released with its attempt where that is aborted", async () => {
  const bus = testBus();
  const held: AbortSignal[] = [];
  await bus.subscribe({ name: "work", on: "custom.work", timeout: "1s", attempts: 1 }, async (_event, { signal }) => {
    held.push((await claim(bus, resource)).signal);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const { id } = await bus.publish({ type: "custom.work", data: {} });
  await bus.clock.advance("1s");
  await bus.drain();
  expect(held.map((signal) => signal.aborted)).toEqual([true]);
  expect(bus.published.find(({ type }) => type === "lease.released")?.metadata.causationId).toBe(id);
});

test("of many that claim it on several buses of a file, one has it at a time", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = join(path, "bus.db");
  const buses = await Promise.all([1, 2, 3].map(() => connect({ engine: "embedded", file, source: "test" })));
  onTestFinished(async () => void (await Promise.all(buses.map((bus) => bus.close()))));
  let holders = 0;
  const fences: number[] = [];
  await Promise.all(
    buses.flatMap((bus, of) =>
      Array.from({ length: 5 }, async (_, index) => {
        await using lease = await claim(bus, resource, { holder: `${of}-${index}`, wait: "1m" });
        holders += 1;
        expect(holders).toBe(1);
        fences.push(lease.fence);
        await bus.publish({ type: "custom.held", data: { fence: lease.fence } });
        holders -= 1;
      }),
    ),
  );
  expect(fences).toHaveLength(15);
  expect(fences).toEqual([...fences].sort((a, b) => a - b));
  expect(new Set(fences).size).toBe(15);
});

test("in whatever order requests, renewals and losses come, a fence has one holder and grows", () => {
  const leaseId = fc.constantFrom("a", "b", "c");
  const event = fc.record({
    type: fc.constantFrom("lease.requested", "lease.renewed", "lease.released", "lease.lost", "lease.acquired"),
    leaseId,
    waits: fc.boolean(),
    renewals: fc.integer({ min: 0, max: 2 }),
    at: fc.integer({ min: 0, max: 1_000 }),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const holders = new Map<number, string>();
      let state: LeaseState = freeLease;
      for (const { type, at, ...data } of events) {
        const before = state;
        const time = new Date(at).toISOString();
        state = reduceLease(state, {
          type,
          time,
          data: { resource, holder: data.leaseId, fence: 0, ttlMs: 1_000, ...data },
        } as unknown as Event);
        expect(state.fence).toBeGreaterThanOrEqual(before.fence);
        if (state.current === undefined) expect(state.waiting).toEqual([]);
        else {
          const holder = holders.get(state.fence) ?? state.current.leaseId;
          holders.set(state.fence, holder);
          expect(state.current.leaseId).toBe(holder);
        }
      }
    }),
  );
});

test("wrong arguments are named", async () => {
  const bus = testBus();
  await expect(claim(bus, "")).rejects.toThrow("claim: the resource must be a string of 1 to 256 characters");
  await expect(claim(bus, "r", { ttl: "1ms" })).rejects.toThrow("claim: ttl must be from 1s to 1h");
  await expect(claim(bus, "r", { holder: "" })).rejects.toThrow("claim: holder must be a string");
});
