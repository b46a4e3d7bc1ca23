import { expect } from "vitest";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";
import type { Report } from "../recorder.ts";
import type { SubscriptionName } from "../subscriptions.ts";

const type = "custom.contract.handled";

/** A time of delivery this many milliseconds from now, at a time scale of 1. */
function ahead(t: CaseContext, ms: number): { readonly deliverAt: string } {
  return { deliverAt: new Date(Date.now() + t.ms(ms)).toISOString() };
}

/**
 * A time of delivery that no case lives to see, where a case can remove what it leaves behind, by {@link forget}; elsewhere one
 * that is far enough ahead for a few calls.
 */
function farAhead(t: CaseContext): { readonly deliverAt: string } {
  return t.has("runtime-subscriptions") ? { deliverAt: new Date(Date.now() + 3_600_000).toISOString() } : ahead(t, 400);
}

/** Removes what is left for a subscription. */
async function forget(t: CaseContext, subscription: SubscriptionName): Promise<void> {
  if (t.has("runtime-subscriptions")) await t.bus.subscriptions.delete(subscription);
}

/** `data.name` of the runs, in the order in which they began. */
function names(reports: readonly Report[]): unknown[] {
  return reports.filter(({ phase }) => phase === "started").map(({ event }) => Object(event?.data).name);
}

export const delayCases: readonly ContractCase[] = [
  {
    title: "every subscription gets a delayed event, and none before its time",
    needs: ["delay"],
    run: async (t) => {
      await t.consume("one-of-two");
      await t.consume("two-of-two");
      const { deliverAt } = ahead(t, 150);
      const delayed = await t.publish("custom.contract.for_two", { metadata: { deliverAt } });
      expect(delayed.metadata.deliverAt).toBe(deliverAt);
      const atOnce = await t.publish("custom.contract.for_two");
      await t.handled(atOnce, "one-of-two");
      const reports = await t.quiet({ phase: "started", eventId: delayed.id });
      expect(reports.map(({ subscription, attempt }) => [subscription, attempt]).toSorted()).toEqual([
        ["one-of-two", 1],
        ["two-of-two", 1],
      ]);
      for (const { at, event } of reports) {
        expect(at).toBeGreaterThanOrEqual(Date.parse(deliverAt));
        expect(event?.metadata.deliverAt).toBe(deliverAt);
      }
    },
  },
  {
    title: "delay counts from the publish, and is kept as the time of delivery",
    needs: ["delay"],
    run: async (t) => {
      await t.consume("handled");
      const metadata = { correlationId: t.flow };
      const before = Date.now();
      const event = await t.bus.publish({ type, data: {}, metadata }, { delay: t.ms(100) });
      const dueAt = Date.parse(event.metadata.deliverAt ?? "");
      expect(dueAt).toBeGreaterThanOrEqual(before + t.ms(100));
      expect(dueAt).toBeLessThanOrEqual(Date.now() + t.ms(100));
      const [started] = await t.reported({ phase: "started", eventId: event.id });
      expect(started?.at).toBeGreaterThanOrEqual(dueAt);
      await t.recorded([event]);
    },
  },
  {
    title: "history, tail and waitFor have a delayed event from its acceptance",
    needs: ["delay"],
    run: async (t) => {
      await t.consume("handled");
      const gate = new AbortController();
      const where = { metadata: { correlationId: [t.flow] } };
      const waiting = t.bus.waitFor({ on: type, where }, { signal: gate.signal });
      const event = await t.publish(type, { metadata: farAhead(t) });
      await t.recorded([event]);
      expect((await waiting).id).toBe(event.id);
      for await (const { id } of t.bus.history.tail({ correlationId: t.flow }, { since: new Date(0) })) {
        if (id === event.id) break;
      }
      expect(await t.reports({ phase: "started" })).toEqual([]);
      await forget(t, "handled");
    },
  },
  {
    title: "until its time it is pending as delayed, and the flow is not settled",
    needs: ["delay", "settled"],
    run: async (t) => {
      await t.consume("handled");
      const { deliverAt: dueAt } = farAhead(t);
      const correlationId = `${t.flow}-far-ahead`;
      const { id } = await t.publish(type, { metadata: { correlationId, deliverAt: dueAt } });
      const { pending, status } = await t.bus.history.flow(correlationId);
      expect({ pending, status }).toEqual({
        status: "running",
        pending: [{ subscription: "handled", eventId: id, type, state: "delayed", attempts: 0, dueAt }],
      });
      expect(await t.bus.subscriptions.get("handled")).toMatchObject({ waiting: 0, delayed: 1 });
      const { deliverAt } = ahead(t, 100);
      await t.publish(type, { metadata: { deliverAt } });
      const flow = await t.bus.settled(t.flow, { timeout: t.longestWaitMs });
      expect(flow).toMatchObject({ status: "completed", pending: [] });
      expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(deliverAt));
      await forget(t, "handled");
    },
  },
  {
    title: "a delayed event is retried like any other",
    needs: ["delay"],
    run: async (t) => {
      await t.consume("handled");
      const { deliverAt } = ahead(t, 80);
      await t.publish(type, { metadata: { deliverAt }, script: { "*": [{ do: "fail", upTo: 2 }] } });
      const started = await t.quiet({ phase: "started" });
      expect(started.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
      expect(started[0]?.at).toBeGreaterThanOrEqual(Date.parse(deliverAt));
    },
  },
  {
    title: "a time of delivery in the past is at once",
    needs: ["delay"],
    run: async (t) => {
      await t.consume("handled");
      const event = await t.publish(type, { metadata: { deliverAt: "2026-01-31T13:00:00.5+01:00" } });
      expect(event.metadata.deliverAt).toBe("2026-01-31T12:00:00.500Z");
      await t.handled(event, "handled");
    },
  },
  {
    title: "ordered: a delayed event holds its place within its key",
    needs: ["delay", "ordered-backlog"],
    run: async (t) => {
      await t.consume("in-order");
      const order = "custom.contract.in_order";
      await t.publishInTurn(order, { data: { key: "a", name: "a1" } });
      const { deliverAt } = ahead(t, 1_000);
      await t.publishInTurn(order, { data: { key: "a", name: "a2" }, metadata: { deliverAt } });
      await t.publishInTurn(order, { data: { key: "a", name: "a3" } });
      const reports = await t.quiet({ phase: "started" });
      expect(names(reports)).toEqual(["a1", "a2", "a3"]);
      expect(reports.every(({ attempt }) => attempt === 1)).toBe(true);
      expect(reports[1]?.at).toBeGreaterThanOrEqual(Date.parse(deliverAt));
    },
  },
  {
    title: "ordered: a delayed event holds up no other key",
    needs: ["delay", "keys-apart"],
    run: async (t) => {
      await t.consume("in-order");
      const order = "custom.contract.in_order";
      const canForget = t.has("runtime-subscriptions");
      const metadata = canForget ? farAhead(t) : ahead(t, 1_000);
      await t.publishInTurn(order, { data: { key: "a", name: "a1" }, metadata });
      const other = await t.publish(order, { data: { key: "b", name: "b1" } });
      await t.handled(other, "in-order");
      expect(names(await t.reports())).toEqual(["b1"]);
      if (canForget) {
        const delayed = await t.publish(order, { data: { key: "b", name: "b2" }, metadata: ahead(t, 100) });
        await t.handled(delayed, "in-order");
        expect(names(await t.reports())).toEqual(["b1", "b2"]);
        await forget(t, "in-order");
      } else expect(names(await t.quiet())).toEqual(["b1", "a1"]);
    },
  },
  {
    title: "what fell due meanwhile goes by priority, then by acceptance",
    needs: ["delay", "priority", "local-consumers"],
    run: async (t) => {
      const subscriber = await t.consume("one-at-a-time");
      subscriber.pause();
      const one = "custom.contract.one_at_a_time";
      const { deliverAt } = ahead(t, 60);
      await t.publish(one, { data: { name: "later" }, metadata: { deliverAt } });
      await t.publish(one, { data: { name: "at once" } });
      await t.publish(one, { data: { name: "later, urgent" }, metadata: { deliverAt, priority: 1 } });
      const due = async () => (await t.bus.subscriptions.get("one-at-a-time"))?.waiting === 3;
      await t.eventually("all are due", due);
      subscriber.resume();
      expect(names(await t.quiet())).toEqual(["later, urgent", "later", "at once"]);
    },
  },
  {
    title: "an id that comes again with another time of delivery is a duplicate: the first time stays",
    needs: ["delay", "known-ids"],
    run: async (t) => {
      await t.consume("handled");
      const id = `delayed-${t.flow}`;
      const first = await t.publish(type, { id, metadata: ahead(t, 100) });
      const again = await t.publish(type, { id, metadata: ahead(t, 60_000) });
      expect(again.metadata.deliverAt).toBe(first.metadata.deliverAt);
      expect(await t.quiet({ phase: "started" })).toHaveLength(1);
    },
  },
  {
    title: "a replay of an event whose time has passed is delivered at once",
    needs: ["delay", "local-consumers"],
    run: async (t) => {
      await t.consume("replayed-alone");
      const event = await t.publish("custom.contract.alone_replayed", { metadata: ahead(t, 60) });
      await t.handled(event, "replayed-alone");
      await t.bus.replay({ ids: [event.id] }, { to: "replayed-alone" });
      const done = await t.reported({ phase: "done", eventId: event.id }, 2);
      expect(done).toHaveLength(2);
    },
  },
  {
    title: "more than 7 days, both ways to say it, and an expiry before it are refused",
    needs: ["delay"],
    run: async (t) => {
      const draft = { type, data: {}, metadata: { correlationId: t.flow } } as const;
      const day = 86_400_000;
      const inDays = (days: number) => new Date(Date.now() + days * day).toISOString();
      const soon = inDays(1);
      for (const [publish, named] of [
        [() => t.bus.publish(draft, { deliverAt: inDays(7.1) }), "7 days"],
        [() => t.bus.publish(draft, { deliverAt: "tomorrow" }), "tomorrow"],
        [() => t.bus.publish({ ...draft, metadata: { deliverAt: soon } }, { delay: 5 }), "metadata.deliverAt"],
        [() => t.bus.publish({ ...draft, metadata: { deliverAt: soon, expiresAt: inDays(0.5) } }), "expiresAt"],
        [() => Reflect.apply(t.bus.publish, t.bus, [draft, { delay: 5, deliverAt: soon }]), "not both"],
      ] as const) {
        await expect(publish()).rejects.toMatchObject({
          code: "invalid_event",
          message: expect.stringContaining(named),
        });
      }
      const tooLong = t.bus.publish(draft, { delay: "8d" });
      await expect(tooLong).rejects.toMatchObject({ code: "invalid_config", message: expect.stringContaining("7d") });
      expect((await t.bus.history.query({ correlationId: t.flow })).events).toEqual([]);
    },
  },
  {
    title: "a delayed event outlives the closing of every bus",
    needs: ["delay", "durable", "local-consumers"],
    run: async (t) => {
      const subscriber = await t.consume("collecting");
      await subscriber.close();
      const { deliverAt } = ahead(t, 250);
      const event = await t.publish("custom.contract.collecting", { metadata: { deliverAt } });
      await t.restart();
      await t.consume("collecting");
      const [started] = await t.reported({ phase: "started", eventId: event.id });
      expect(started?.at).toBeGreaterThanOrEqual(Date.parse(deliverAt));
      await t.handled(event, "collecting");
    },
  },
];
