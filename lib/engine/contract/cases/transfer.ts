import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { engineOf } from "../../../bus/engine-of.ts";
import type { Event } from "../../../event/event.ts";
import type { EngineTransfer, OpenDelivery } from "../../transfer.ts";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";

/** What an engine that has the capability moves by. */
export function transferOf({ bus }: Pick<CaseContext, "bus">): EngineTransfer {
  const transfer = engineOf(bus)?.transfer;
  if (transfer === undefined) throw new Error(`${bus.engine.name} has no transfer`);
  return transfer;
}

/** An event that another engine had. */
function movedEvent(t: CaseContext, type: string, more: Partial<Event> = {}): Event {
  const metadata = { version: 1, correlationId: t.flow, priority: 5 };
  return { id: randomUUID(), type, source: "elsewhere", time: "2020-01-01T00:00:00Z", data: {}, metadata, ...more };
}

function moved(event: Event, more: Partial<OpenDelivery> = {}): OpenDelivery {
  const acceptedAt = Date.now() - 60_000;
  return {
    subscription: "handled",
    event,
    history: true,
    acceptedAt,
    attempts: 0,
    failures: [],
    redriven: false,
    ...more,
  };
}

/** What a subscription has still to deliver of the case's flow. */
async function openOf(t: CaseContext): Promise<OpenDelivery[]> {
  const open: OpenDelivery[] = [];
  let cursor: string | undefined;
  do {
    const page = await transferOf(t).openDeliveries(2, cursor);
    open.push(...page.deliveries.filter(({ event }) => event.metadata.correlationId === t.flow));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return open;
}

export const transferCases: readonly ContractCase[] = [
  {
    title: "events that another engine had are in history as accepted at their times, once, and nobody gets them",
    needs: ["transfer"],
    run: async (t) => {
      await t.consume("handled");
      const acceptedAt = Date.now() - 86_400_000;
      const events = [1, 2, 3].map((n) => movedEvent(t, "custom.contract.handled", { data: { n } }));
      const recorded = events.map((event, n) => ({ event, acceptedAt: acceptedAt + n }));
      await transferOf(t).addEvents(recorded);
      await transferOf(t).addEvents(recorded);
      const flow = { correlationId: t.flow };
      expect((await t.bus.history.query({ ...flow, order: "oldest" })).events).toEqual(events);
      const [since, until] = [new Date(acceptedAt + 1), new Date(acceptedAt + 2)];
      expect((await t.bus.history.query({ ...flow, since, until })).events).toEqual([events[1]]);
      expect(await t.quiet()).toEqual([]);
      const [first] = events;
      if (first === undefined) throw new Error("there are three");
      const draft = { type: "custom.contract.handled", id: first.id, source: first.source } as const;
      expect(await t.bus.publish({ ...draft, data: first.data })).toEqual(first);
      await expect(t.bus.publish({ ...draft, data: { n: 9 } })).rejects.toMatchObject({ code: "conflict" });
      expect(await t.quiet()).toEqual([]);
    },
  },
  {
    title: "deliveries that another engine had not made come with their attempts, when they are due, and once",
    needs: ["transfer"],
    run: async (t) => {
      await (await t.consume("handled")).close();
      const [event, unrecorded] = [movedEvent(t, "custom.contract.handled"), movedEvent(t, "custom.contract.handled")];
      const failures = [
        { code: "handler_error", message: "elsewhere", at: "2020-01-01T00:00:00Z", attempt: 1 } as const,
      ];
      const dueAt = Date.now() + t.ms(100);
      await transferOf(t).addEvents([{ event, acceptedAt: Date.now() - 60_000 }]);
      const deliveries = [
        moved(event, { attempts: 1, failures, dueAt }),
        moved(event, { replayId: "moved-replay", queuedAt: Date.now() }),
        moved(unrecorded, { history: false }),
      ];
      await transferOf(t).addDeliveries(deliveries);
      await transferOf(t).addDeliveries(deliveries);
      expect(
        (await openOf(t)).map((one) => [one.event.id, one.replayId, one.attempts, one.history, one.failures]),
      ).toEqual([
        [event.id, undefined, 1, true, failures],
        [event.id, "moved-replay", 0, true, []],
        [unrecorded.id, undefined, 0, false, []],
      ]);
      await t.consume("handled");
      const reports = await t.quiet({ phase: "started" });
      const started = reports.map((report) => [report.eventId, report.attempt, report.event?.metadata.replay]);
      expect(started).toHaveLength(3);
      expect(started).toContainEqual([event.id, 2, undefined]);
      expect(started).toContainEqual([event.id, 1, { id: "moved-replay" }]);
      expect(started).toContainEqual([unrecorded.id, 1, undefined]);
      expect(reports.find(({ attempt }) => attempt === 2)?.at).toBeGreaterThanOrEqual(dueAt);
      expect(await t.bus.history.get(unrecorded.id)).toBeUndefined();
    },
  },
  {
    title: "deliveries of an ordered subscription come in the order in which their events were accepted",
    needs: ["transfer"],
    run: async (t) => {
      await (await t.consume("in-order")).close();
      const events = [1, 2, 3].map((n) => movedEvent(t, "custom.contract.in_order", { data: { key: "moved", n } }));
      await transferOf(t).addEvents(events.map((event) => ({ event, acceptedAt: Date.now() - 60_000 })));
      await transferOf(t).addDeliveries(events.map((event) => moved(event, { subscription: "in-order" })));
      await t.consume("in-order");
      const done = await t.quiet({ phase: "done" });
      expect(done.map(({ eventId }) => eventId)).toEqual(events.map(({ id }) => id));
    },
  },
  {
    title: "what a subscription has not delivered is handed over as it was published; nothing else is",
    needs: ["transfer"],
    run: async (t) => {
      await (await t.consume("handled")).close();
      const events = [];
      for (let n = 0; n < 3; n += 1) events.push(await t.publish("custom.contract.handled", { data: { n } }));
      const open = await openOf(t);
      expect(open.map(({ event }) => event)).toEqual(events);
      expect(open.map(({ subscription, attempts, redriven }) => [subscription, attempts, redriven])).toEqual(
        events.map(() => ["handled", 0, false]),
      );
      await t.consume("handled");
      await t.quiet();
      expect(await openOf(t)).toEqual([]);
      const unknown = transferOf(t).addDeliveries([moved(movedEvent(t, "custom.x"), { subscription: t.name("gone") })]);
      await expect(unknown).rejects.toMatchObject({ code: "not_found" });
    },
  },
  {
    title: "other processes that use the store are seen",
    needs: ["transfer", "multi-process", "crash"],
    run: async (t) => {
      const before = await transferOf(t).others();
      const worker = await t.startWorker("crashing");
      expect(await transferOf(t).others()).toBe(before + 1);
      await worker.kill();
      await t.eventually("it is gone", async () => (await transferOf(t).others()) === before);
    },
  },
];
