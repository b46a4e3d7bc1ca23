import { expect } from "vitest";
import { llmTextDelta } from "../../../catalog/llm.ts";
import type { ContractCase } from "../case.ts";

const type = "custom.contract.handled";

/** The id of an event as its idempotency key. */
export const eventIdCases: readonly ContractCase[] = [
  {
    title: "the same id with the same content is a duplicate: the stored event comes back, and is handled once",
    needs: ["known-ids"],
    run: async (t) => {
      await t.consume("handled");
      const id = `order-${t.flow}`;
      const first = await t.publish(type, { id, data: { n: 1 } });
      const second = await t.publish(type, { id, data: { n: 1 } });
      expect(second).toEqual(first);
      expect(await t.bus.metrics()).toMatchObject({ published: 1, duplicates: 1 });
      const marker = await t.publish(type);
      await t.handled(marker, "handled");
      await t.handled(first, "handled");
      expect(await t.reports({ phase: "started", eventId: id })).toHaveLength(1);
      expect((await t.bus.history.query({ correlationId: t.flow })).events.map((event) => event.id)).toEqual([
        marker.id,
        id,
      ]);
    },
  },
  {
    title: "the same id with other content is a conflict",
    needs: ["known-ids"],
    run: async (t) => {
      const id = `order-${t.flow}`;
      const first = await t.publish(type, { id, data: { n: 1 } });
      await expect(t.publish(type, { id, data: { n: 2 } })).rejects.toMatchObject({
        code: "conflict",
        message: expect.stringContaining(id),
      });
      await expect(t.publish("custom.contract.other", { id, data: { n: 1 } })).rejects.toMatchObject({
        code: "conflict",
      });
      expect(await t.bus.history.get(id)).toEqual(first);
    },
  },
  {
    title: "of a type that history does not keep, an id is a duplicate or a conflict all the same",
    needs: ["known-ids", "runtime-subscriptions"],
    run: async (t) => {
      const marked = "custom.contract.after_unkept";
      const handled: string[] = [];
      const subscriber = await t.bus.subscribe({ name: t.name("unkept"), on: [llmTextDelta, marked] }, ({ id }) => {
        handled.push(id);
      });
      const options = { id: `delta-${t.flow}`, metadata: { correlationId: t.flow } };
      const first = await t.bus.publish(llmTextDelta, { content: "Once" }, options);
      expect(await t.bus.publish(llmTextDelta, { content: "Once" }, options)).toMatchObject({ id: first.id });
      await expect(t.bus.publish(llmTextDelta, { content: "Twice" }, options)).rejects.toMatchObject({
        code: "conflict",
      });
      expect((await t.bus.metrics()).duplicates).toBe(1);
      const marker = await t.publish(marked);
      await t.quiet();
      expect(handled.toSorted()).toEqual([first.id, marker.id].toSorted());
      await subscriber.close();
    },
  },
  {
    title: "an id published again and again is handled once and recorded once",
    run: async (t) => {
      await t.consume("handled");
      const what = { id: `order-${t.flow}`, time: "2026-01-01T00:00:00.000Z", data: { n: 1 } };
      const first = await t.publish(type, what);
      await t.handled(first, "handled");
      await Promise.all(Array.from({ length: 5 }, () => t.publish(type, what)));
      const marker = await t.publish(type);
      const started = await t.quiet({ phase: "started" });
      expect(started.map(({ eventId }) => eventId).toSorted()).toEqual([first.id, marker.id].toSorted());
      const { events } = await t.bus.history.query({ correlationId: t.flow });
      expect(events).toEqual([marker, first]);
      expect((await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters).toEqual([]);
    },
  },
  {
    title: "one id published many times at once is one event",
    needs: ["known-ids"],
    run: async (t) => {
      await t.consume("handled");
      const id = `order-${t.flow}`;
      const events = await Promise.all(Array.from({ length: 20 }, () => t.publish(type, { id, data: { n: 1 } })));
      for (const event of events) expect(event).toEqual(events[0]);
      const marker = await t.publish(type);
      await t.handled(marker, "handled");
      await t.reported({ phase: "done", eventId: id });
      expect(await t.reports({ phase: "started", eventId: id })).toHaveLength(1);
      expect((await t.bus.metrics()).duplicates).toBe(19);
    },
  },
  {
    title: "in a batch an id that comes again is a duplicate or a conflict, in its place",
    needs: ["known-ids"],
    run: async (t) => {
      await t.consume("handled");
      const metadata = { correlationId: t.flow };
      const id = `order-${t.flow}`;
      const results = await t.bus.publishAll([
        { type, data: { n: 0 }, metadata, id },
        { type, data: { n: 0 }, metadata, id },
        { type, data: { n: "other" }, metadata, id },
        { type, data: { n: 3 }, metadata },
      ]);
      expect(results.map((result) => (result.ok ? result.event.data : result.error.code))).toEqual([
        { n: 0 },
        { n: 0 },
        "conflict",
        { n: 3 },
      ]);
      expect(await t.reported({ phase: "done" }, 2)).toHaveLength(2);
      expect((await t.bus.history.query(metadata)).events).toHaveLength(2);
    },
  },
  {
    title: "a dedupe key outside a handler stands for the source and the key",
    run: async (t) => {
      const dedupe = `daily-${t.flow}`;
      const first = await t.publish(type, { dedupe, data: { n: 1 } });
      expect((await t.publish(type, { dedupe, data: { n: 1 } })).id).toBe(first.id);
      const other = await t.publish(type, { dedupe, data: { n: 1 }, source: "another-source" });
      expect(other.id).not.toBe(first.id);
      await expect(t.publish(type, { dedupe, id: "both" })).rejects.toMatchObject({
        name: "BusError",
        message: expect.stringContaining("dedupe"),
      });
    },
  },
];
