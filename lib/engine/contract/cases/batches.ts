import { expect } from "vitest";
import type { Event } from "../../../event/event.ts";
import type { ContractCase } from "../case.ts";

const type = "custom.contract.batched";
const nameOf = (event: Event): unknown => Object(event.data).name;

export const batchCases: readonly ContractCase[] = [
  {
    title: "a batch handler gets several deliveries in one run, none of them twice",
    needs: ["local-consumers"],
    run: async (t) => {
      const sizes: number[] = [];
      const names: unknown[] = [];
      await t.consumeBatches(
        "batched",
        (events) => {
          sizes.push(events.length);
          names.push(...events.map(nameOf));
        },
        { size: 5, window: t.ms(100) },
      );
      const published = Array.from({ length: 23 }, (_, name) => name);
      // All at once: what is published later than the window lasts would be a batch of its own.
      await Promise.all(published.map((name) => t.publish(type, { data: { name } })));
      await t.quiet();
      expect(names.toSorted((a, b) => Number(a) - Number(b))).toEqual(published);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(5);
      expect(sizes.length).toBeLessThan(published.length);
      await t.counted({ delivered: 23, failed: 0, running: 0, batching: 0 });
    },
  },
  {
    title: "one that a batch handler fails is retried by itself; what it throws fails all",
    needs: ["local-consumers"],
    run: async (t) => {
      const runs: unknown[] = [];
      await t.consumeBatches(
        "batched",
        (events, context) => {
          for (const event of events) {
            const { attempt } = context.delivery(event);
            runs.push(`${nameOf(event)} ${attempt}`);
            if (nameOf(event) === "failing") context.fail(event, new Error(`failed in attempt ${attempt}`));
          }
          if (events.some((event) => nameOf(event) === "throwing")) throw new Error("all of it");
        },
        { size: 3, window: t.ms(200) },
      );
      for (const name of ["good", "failing", "fine"]) await t.publish(type, { data: { name } });
      await t.quiet();
      expect(runs.toSorted()).toEqual(["failing 1", "failing 2", "fine 1", "good 1"]);
      const first = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(first.deadLetters).toMatchObject([
        { attempts: 2, reason: { code: "handler_error", message: "failed in attempt 2", attempt: 2 } },
      ]);
      runs.length = 0;
      await t.publish(type, { data: { name: "throwing" } });
      await t.quiet();
      expect(runs).toEqual(["throwing 1", "throwing 2"]);
      const both = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(both.deadLetters[0]?.reason.message).toBe("all of it");
      await t.counted({ delivered: 2, failed: 4, retried: 2, deadLettered: 2 });
    },
  },
  {
    title: "ordered: what follows in a key is in a later batch",
    needs: ["local-consumers", "ordered-publish", "ordered-backlog"],
    run: async (t) => {
      const batches: unknown[][] = [];
      await t.consumeBatches("batched-in-order", (events) => batches.push(events.map(nameOf)), {
        size: 10,
        window: t.ms(60),
      });
      for (const [key, name] of [
        ["a", "a1"],
        ["a", "a2"],
        ["b", "b1"],
        ["a", "a3"],
      ] as const) {
        await t.publish("custom.contract.batched_in_order", { data: { key, name } });
      }
      await t.quiet();
      for (const batch of batches) {
        expect(batch.filter((name) => String(name).startsWith("a")).length).toBeLessThanOrEqual(1);
      }
      expect(batches.flat().filter((name) => name !== "b1")).toEqual(["a1", "a2", "a3"]);
    },
  },
  {
    title: "closed, a batch handler gives back what it had collected, the attempt not counted",
    needs: ["local-consumers"],
    run: async (t) => {
      const subscriber = await t.consumeBatches("batched", () => {}, { size: 10, window: t.ms(60_000) });
      const event = await t.publish(type, { data: { name: "collected" } });
      await t.eventually("it is collected", async () => (await t.bus.metrics()).batching === 1);
      await subscriber.close();
      await t.consume("batched");
      await t.handled(event, "batched");
      expect(await t.reports({ phase: "started" })).toMatchObject([{ attempt: 1 }]);
    },
  },
];
