import { expect } from "vitest";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { mostAtOnce } from "../most-at-once.ts";

/** `data.name` of the runs, in the order in which they began. */
async function startedNames(t: CaseContext, subscription: string): Promise<unknown[]> {
  const reports = await t.quiet({ phase: "started", subscription });
  return reports.map(({ event }) => Object(event?.data).name);
}

/** Publishes one that holds the only slot, and waits until it runs. */
async function holdSlot(t: CaseContext, type: `custom.${string}`, gate: string): Promise<void> {
  await t.publish(type, { data: { name: "held", key: "held" }, script: { "*": [{ do: "wait", gate }] } });
  await t.reported({ phase: "started" });
}

export const orderCases: readonly ContractCase[] = [
  {
    title: "concurrency is used, and never exceeded, by several subscribers of one name together",
    needs: ["parallel-runs"],
    run: async (t) => {
      await t.consume("two-at-once");
      await t.consume("two-at-once");
      const gate = t.gate();
      const type = "custom.contract.two_at_once";
      for (let n = 0; n < 8; n += 1) {
        await t.publish(type, {
          script: {
            "*": [
              { do: "wait", gate },
              { do: "fail", upTo: 1 },
            ],
          },
        });
      }
      await t.reported({ phase: "started" }, 2);
      await t.eventually("the others wait", async () => (await t.bus.subscriptions.get("two-at-once"))?.waiting === 6);
      expect(await t.bus.subscriptions.get("two-at-once")).toMatchObject({ running: 2, waiting: 6 });
      await t.open(gate);
      const reports = await t.quiet();
      expect(reports.filter(({ phase }) => phase === "done")).toHaveLength(8);
      expect(mostAtOnce(reports)).toBe(2);
    },
  },
  {
    title: "urgent priorities first, then oldest first",
    needs: ["priority"],
    run: async (t) => {
      const type = "custom.contract.one_at_a_time";
      await t.consume("one-at-a-time");
      const gate = t.gate();
      await holdSlot(t, type, gate);
      for (const [name, priority] of [
        ["five", 5],
        ["one", 1],
        ["ten", 10],
        ["five too", undefined],
        ["one too", 1],
      ] as const) {
        await t.publishInTurn(type, { data: { name }, ...(priority === undefined ? {} : { metadata: { priority } }) });
      }
      await t.open(gate);
      expect(await startedNames(t, "one-at-a-time")).toEqual(["held", "one", "one too", "five", "five too", "ten"]);
    },
  },
  {
    title: "a retry does not hold up what waits behind it",
    run: async (t) => {
      const type = "custom.contract.one_at_a_time";
      await t.consume("one-at-a-time");
      const gate = t.gate();
      const script = {
        "*": [
          { do: "wait" as const, gate, upTo: 1 },
          { do: "retry-after" as const, ms: t.ms(100), upTo: 1 },
        ],
      };
      await t.publish(type, { data: { name: "put off" }, script });
      await t.reported({ phase: "started" });
      // It waits before the retry is due, however long its publish takes.
      await t.publish(type, { data: { name: "next" } });
      await t.open(gate);
      expect(await startedNames(t, "one-at-a-time")).toEqual(["put off", "next", "put off"]);
    },
  },
  {
    title: "ordered: one at a time for each key, also while one is retried",
    needs: ["ordered-backlog"],
    run: async (t) => {
      const type = "custom.contract.in_order";
      await t.consume("in-order");
      const gate = t.gate();
      const script = {
        "*": [
          { do: "wait" as const, gate, upTo: 1 },
          { do: "fail" as const, upTo: 2 },
        ],
      };
      const first = await t.publishInTurn(type, { data: { key: "a", name: "a1" }, script });
      for (const name of ["a2", "a3"]) {
        await t.publishInTurn(type, { data: { key: "a", name }, metadata: { priority: 1 } });
      }
      await t.reported({ phase: "started" });
      await t.open(gate);
      const reports = await t.quiet();
      expect(mostAtOnce(reports)).toBe(1);
      const started = reports.filter(({ phase }) => phase === "started");
      expect(started.map(({ event, attempt }) => [Object(event?.data).name, attempt])).toEqual([
        ["a1", 1],
        ["a1", 2],
        ["a1", 3],
        ["a2", 1],
        ["a3", 1],
      ]);
      expect(started[0]?.eventId).toBe(first.id);
    },
  },
  {
    title: "ordered: while one key waits, another goes on",
    needs: ["keys-apart"],
    run: async (t) => {
      const type = "custom.contract.in_order";
      await t.consume("in-order");
      const gate = t.gate();
      const script = { "*": [{ do: "wait" as const, gate }] };
      for (const name of ["a1", "a2"]) await t.publish(type, { data: { key: "a", name }, script });
      const other = await t.publish(type, { data: { key: "b", name: "b1" } });
      await t.handled(other, "in-order");
      // Which of two keys begins first is open.
      await t.reported({ phase: "started" }, 2);
      expect(await t.reports({ phase: "done" })).toHaveLength(1);
      expect(await t.reports({ phase: "started" })).toHaveLength(2);
      await t.open(gate);
      await t.quiet();
    },
  },
  {
    title: "ordered: across keys the most urgent head first",
    needs: ["priority"],
    run: async (t) => {
      const type = "custom.contract.in_order_single";
      await t.consume("in-order-single");
      const gate = t.gate();
      await holdSlot(t, type, gate);
      for (const [key, name, priority] of [
        ["a", "a1", 9],
        ["a", "a2", 1],
        ["b", "b1", 3],
        ["c", "c1", 1],
        ["b", "b2", 2],
      ] as const) {
        await t.publishInTurn(type, { data: { key, name }, metadata: { priority } });
      }
      await t.open(gate);
      expect(await startedNames(t, "in-order-single")).toEqual(["held", "c1", "b1", "b2", "a1", "a2"]);
    },
  },
  {
    title: "ordered: after a dead letter the key goes on",
    needs: ["ordered-backlog"],
    run: async (t) => {
      const type = "custom.contract.in_order_fragile";
      await t.consume("in-order-fragile");
      const dead = await t.publishInTurn(type, { data: { key: "a", name: "a1" }, script: { "*": [{ do: "fail" }] } });
      await t.publish(type, { data: { key: "a", name: "a2" } });
      expect(await startedNames(t, "in-order-fragile")).toEqual(["a1", "a1", "a2"]);
      const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(deadLetters.map(({ event }) => event.id)).toEqual([dead.id]);
    },
  },
  {
    title: "ordered: a dropped head frees its key",
    needs: ["local-consumers"],
    run: async (t) => {
      const type = "custom.contract.in_order";
      const subscriber = await t.consume("in-order");
      subscriber.pause();
      const expiresAt = new Date(Date.now() + t.ms(20)).toISOString();
      await t.publish(type, { data: { key: "a", name: "expired" }, metadata: { expiresAt } });
      await t.publish(type, { data: { key: "a", name: "after it" } });
      await t.eventually("it has expired", () => Date.now() > Date.parse(expiresAt));
      subscriber.resume();
      expect(await startedNames(t, "in-order")).toEqual(["after it"]);
    },
  },
  {
    title: "ordered: events without the key do not wait for each other",
    needs: ["keys-apart"],
    run: async (t) => {
      const type = "custom.contract.in_order";
      await t.consume("in-order");
      const gate = t.gate();
      for (const name of ["alone", "alone too"]) {
        await t.publish(type, { data: { name }, script: { "*": [{ do: "wait", gate }] } });
      }
      const started = await t.reported({ phase: "started" }, 2);
      expect(started).toHaveLength(2);
      await t.open(gate);
      await t.quiet();
    },
  },
];
