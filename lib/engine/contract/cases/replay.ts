import { expect } from "vitest";
import type { Event } from "../../../event/event.ts";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";
import type { Report } from "../recorder.ts";

const type = "custom.contract.replayed";
const alone = "custom.contract.alone_replayed";
const both = { "replayed-here": 2, "replayed-there": 3 };

/** Two events for both subscriptions and one for the second alone, handled. */
async function handledBefore(t: CaseContext): Promise<[Event, Event, Event]> {
  await t.consume("replayed-here");
  await t.consume("replayed-there");
  const events: [Event, Event, Event] = [
    await t.publish(type, { data: { n: 1 } }),
    await t.publish(`${type}.too`, { data: { n: 2 } }),
    await t.publish(type, { data: { n: 3 } }),
  ];
  expect(await t.quiet({ phase: "done" })).toHaveLength(5);
  return events;
}

/** What ran for a replay: subscription and event. */
async function replayed(t: CaseContext, replayId: string): Promise<[subscription: string, eventId: string][]> {
  const reports: Report[] = await t.quiet({ phase: "started" });
  const runs = reports.filter(({ event }) => event?.metadata.replay?.id === replayId);
  return t.delivered(runs.map(({ subscription, eventId }) => [subscription, eventId]));
}

export const replayCases: readonly ContractCase[] = [
  {
    title: "to one subscription: what matches it, marked, in order, again though it had succeeded",
    run: async (t) => {
      const [first, , third] = await handledBefore(t);
      const report = await t.bus.replay({ correlationId: t.flow }, { to: "replayed-here" });
      expect(report).toEqual({ id: report.id, dryRun: false, events: 3, deliveries: { "replayed-here": 2 } });
      expect(await replayed(t, report.id)).toEqual([
        ["replayed-here", first.id],
        ["replayed-here", third.id],
      ]);
      const [again] = (await t.reports({ phase: "started", eventId: first.id })).slice(-1);
      expect(again?.event).toEqual({ ...first, metadata: { ...first.metadata, replay: { id: report.id } } });
      const second = await t.bus.replay({ correlationId: t.flow }, { to: "replayed-here" });
      expect(second.id).not.toBe(report.id);
      expect(await replayed(t, second.id)).toHaveLength(2);
    },
  },
  {
    title: "to all: each subscription gets what matches it",
    run: async (t) => {
      const [first, second, third] = await handledBefore(t);
      const report = await t.bus.replay({ correlationId: t.flow }, { to: "*" });
      expect(report).toMatchObject({ events: 3, deliveries: both });
      expect((await replayed(t, report.id)).sort()).toEqual(
        [
          ["replayed-here", first.id],
          ["replayed-here", third.id],
          ["replayed-there", first.id],
          ["replayed-there", second.id],
          ["replayed-there", third.id],
        ].sort(),
      );
    },
  },
  {
    title: "by filter, by ids and by time",
    run: async (t) => {
      const began = Date.now();
      await t.eventually("the clock goes on", () => Date.now() > began + 1);
      const [first, second, third] = await handledBefore(t);
      const flow = { correlationId: t.flow };
      const to = "replayed-there";
      const selected = async (selection: Parameters<typeof t.bus.replay>[0]) => {
        const report = await t.bus.replay(selection, { to });
        return (await replayed(t, report.id)).map(([, eventId]) => eventId);
      };
      expect(await selected({ ...flow, type: `${type}.too` })).toEqual([second.id]);
      expect(await selected({ ids: [third.id, first.id] })).toEqual([first.id, third.id]);
      expect(await selected({ ...flow, since: new Date(began + 1) })).toEqual([first.id, second.id, third.id]);
      expect(await selected({ ...flow, until: new Date(began + 1) })).toEqual([]);
      expect(await selected({ ids: ["no-such-event"] })).toEqual([]);
    },
  },
  {
    title: "a dry run counts and delivers nothing",
    run: async (t) => {
      await handledBefore(t);
      const report = await t.bus.replay({ correlationId: t.flow }, { to: "*", dryRun: true });
      expect(report).toMatchObject({ dryRun: true, events: 3, deliveries: both });
      expect(await replayed(t, report.id)).toEqual([]);
      expect((await t.quiet({ phase: "started" })).length).toBe(5);
    },
  },
  {
    title: "a replay of many events delivers each once, in order",
    needs: ["local-consumers"],
    run: async (t) => {
      const numbers: unknown[] = [];
      await t.consumeWith("replayed-alone", (event) => numbers.push(Object(event.data).n));
      const metadata = { correlationId: t.flow };
      const drafts = Array.from({ length: 700 }, (_, n) => ({ type: alone, data: { n }, metadata }) as const);
      const results = await t.bus.publishAll(drafts);
      await t.recorded(results.flatMap((result) => (result.ok ? [result.event] : [])));
      await t.quiet();
      numbers.length = 0;
      const report = await t.bus.replay(metadata, { to: "replayed-alone" });
      expect(report).toMatchObject({ events: 700, deliveries: { "replayed-alone": 700 } });
      await t.eventually("all are replayed", () => numbers.length >= 700);
      expect(t.delivered(numbers)).toEqual(drafts.map(({ data }) => data.n));
    },
  },
  {
    title: "what was accepted after it began is left out, also what its own deliveries publish",
    needs: ["local-consumers"],
    run: async (t) => {
      const metadata = { correlationId: t.flow };
      let replaying = false;
      let handled = 0;
      await t.consumeWith("replayed-alone", async ({ metadata: { replay } }, { bus }) => {
        handled += 1;
        if (replaying && replay !== undefined && handled <= 600) await bus.publish({ type: alone, data: {}, metadata });
      });
      const results = await t.bus.publishAll(Array.from({ length: 600 }, () => ({ type: alone, data: {}, metadata })));
      await t.recorded(results.flatMap((result) => (result.ok ? [result.event] : [])));
      await t.quiet();
      handled = 0;
      replaying = true;
      const report = await t.bus.replay(metadata, { to: "replayed-alone" });
      expect(report).toMatchObject({ events: 600, deliveries: { "replayed-alone": 600 } });
      await t.eventually("all are replayed", () => handled >= 600);
      replaying = false;
      await t.quiet();
    },
  },
  {
    title: "to a subscription that is deleted meanwhile: it ends, and says what it had delivered until then",
    needs: ["runtime-subscriptions", "local-consumers"],
    run: async (t) => {
      const name = t.name("deleted");
      const metadata = { correlationId: t.flow };
      const results = await t.bus.publishAll(Array.from({ length: 600 }, () => ({ type: alone, data: {}, metadata })));
      await t.recorded(results.flatMap((result) => (result.ok ? [result.event] : [])));
      const started = Promise.withResolvers<void>();
      await t.bus.subscribe({ name, on: alone, concurrency: 1 }, async () => {
        started.resolve();
        await t.bus.subscriptions.delete(name);
      });
      const report = await t.bus.replay(metadata, { to: name });
      await started.promise;
      expect(report.events).toBe(600);
      expect(report.deliveries[name]).toBeLessThanOrEqual(600);
      await t.eventually("it is gone", async () => (await t.bus.subscriptions.get(name)) === undefined);
    },
  },
  {
    title: "its dead letters say so, and redriven they are still the replay; those of the first delivery are not",
    run: async (t) => {
      await t.consume("fragile");
      const event = await t.publish("custom.contract.fragile", { script: { "*": [{ do: "fail" }] } });
      await t.quiet();
      const replayIds = async () => {
        const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
        return deadLetters.map(({ replayId }) => replayId);
      };
      expect(await replayIds()).toEqual([undefined]);
      const report = await t.bus.replay({ ids: [event.id] }, { to: "fragile" });
      await t.quiet();
      expect(await replayIds()).toEqual([report.id, undefined]);
      const [deadLetter] = (await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters;
      expect(deadLetter?.event).toEqual({ ...event, metadata: { ...event.metadata, replay: { id: report.id } } });
      expect(await t.bus.deadLetters.redrive(deadLetter?.id ?? "")).toMatchObject({ failed: [] });
      const runs = await t.quiet({ phase: "started", redriven: true });
      expect(runs.map(({ attempt, event: run }) => [attempt, run?.metadata.replay?.id])).toEqual([
        [1, report.id],
        [2, report.id],
      ]);
      expect(await replayIds()).toEqual([report.id, undefined]);
      expect((await t.bus.history.query({ correlationId: t.flow })).events).toEqual([event]);
    },
  },
  {
    title: "never new history: not in query, stats, tail; what its handlers publish is, and carries the mark on",
    run: async (t) => {
      await t.consume("replayed-alone");
      const next = t.type("after");
      const event = await t.publish(alone, { script: { "*": [{ do: "publish", type: next, dedupe: "next" }] } });
      await t.quiet();
      const tailed: Event[] = [];
      const tail = (async () => {
        for await (const one of t.bus.history.tail({ correlationId: t.flow })) {
          tailed.push(one);
          if (one.type === "custom.contract.end") break;
        }
      })();
      const report = await t.bus.replay({ ids: [event.id] }, { to: "replayed-alone" });
      await t.quiet();
      const end = await t.publish("custom.contract.end");
      await tail;
      expect(tailed.map((one) => one.type)).toEqual([next, "custom.contract.end"]);
      expect(tailed[0]?.metadata).toMatchObject({
        correlationId: t.flow,
        causationId: event.id,
        replay: { id: report.id },
      });
      const { events } = await t.bus.history.query({ correlationId: t.flow });
      expect(events.map((one) => one.type)).toEqual(["custom.contract.end", next, next, alone]);
      expect(events[0]?.id).toBe(end.id);
      expect((await t.bus.history.get(event.id))?.metadata.replay).toBeUndefined();
      expect(await t.bus.history.stats({ type: next })).toEqual([{ type: next, count: 2 }]);
    },
  },
  {
    title: "a replayed delivery is retried and dies like any other, with its mark",
    needs: ["local-consumers"],
    run: async (t) => {
      const succeeding = await t.consume("replayed-alone");
      const event = await t.publish(alone);
      await t.quiet();
      await succeeding.close();
      const failing = await t.consumeWith("replayed-alone", () => {
        throw new Error("not again");
      });
      const report = await t.bus.replay({ ids: [event.id] }, { to: "replayed-alone" });
      await t.quiet();
      const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(deadLetters).toMatchObject([
        { attempts: 2, event: { id: event.id, metadata: { replay: { id: report.id } } } },
      ]);
      await failing.close();
    },
  },
  {
    title: "a replayed event is frozen as a new one is, its mark too",
    needs: ["local-consumers"],
    run: async (t) => {
      const frozen: boolean[][] = [];
      const subscriber = await t.consumeWith("replayed-alone", (event) => {
        const { metadata, data } = event;
        frozen.push([event, data, metadata, metadata.replay].map(Object.isFrozen));
      });
      const event = await t.publish(alone);
      await t.quiet();
      await t.bus.replay({ ids: [event.id] }, { to: subscriber.name });
      await t.quiet();
      expect(frozen).toEqual(Array(2).fill([true, true, true, true]));
      await subscriber.close();
    },
  },
  {
    title: "to a subscription that is not: not found, with the nearest name",
    run: async (t) => {
      await t.consume("replayed-alone");
      await expect(t.bus.replay({ correlationId: t.flow }, { to: "replayed-alnoe" })).rejects.toMatchObject({
        code: "not_found",
        message: expect.stringContaining("replayed-alone"),
      });
    },
  },
];
