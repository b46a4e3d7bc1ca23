import { expect } from "vitest";
import type { ContractCase } from "../case.ts";

export const consumingCases: readonly ContractCase[] = [
  {
    title: "a named subscription collects while nobody consumes it",
    needs: ["local-consumers"],
    run: async (t) => {
      const type = "custom.contract.collecting";
      const first = await t.consume("collecting");
      await first.close();
      for (let n = 0; n < 3; n += 1) await t.publish(type);
      await t.eventually("it has collected", async () => (await t.bus.subscriptions.get("collecting"))?.waiting === 3);
      expect(await t.bus.subscriptions.get("collecting")).toMatchObject({ waiting: 3, running: 0, ephemeral: false });
      const second = await t.consume("collecting");
      const done = await t.reported({ phase: "done" }, 3);
      expect(done.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      await t.quiet();
      expect(await second.info()).toMatchObject({ delivered: 3, backlog: 0 });
    },
  },
  {
    title: 'from "now" leaves out what was before; settings given again do not start it anew',
    needs: ["runtime-subscriptions"],
    run: async (t) => {
      const on = "custom.contract.from_now";
      const name = t.name("from-now");
      const seen: string[] = [];
      await t.publish(on);
      const first = await t.bus.subscribe({ name, on }, (event) => seen.push(event.id));
      const second = await t.publish(on);
      await t.quiet();
      await first.close();
      const third = await t.publish(on);
      await t.bus.subscribe({ name, on, from: "beginning" }, (event) => seen.push(event.id));
      await t.quiet();
      expect(seen).toEqual([second.id, third.id]);
    },
  },
  {
    title: 'from "beginning" reads what was kept, then goes on without a gap while events arrive',
    needs: ["runtime-subscriptions"],
    run: async (t) => {
      const type = "custom.contract.late";
      const where = { metadata: { correlationId: [t.flow] } };
      let published = 0;
      const publish = () => {
        published += 1;
        return t.publish(type, { data: { n: published } });
      };
      for (let n = 0; n < 100; n += 1) await publish();
      const seen: unknown[] = [];
      const joined = t.bus.subscribe(
        { name: t.name("late"), on: type, where, from: "beginning", concurrency: 1 },
        (event) => {
          seen.push(Object(event.data).n);
        },
      );
      while (seen.length === 0) await publish();
      await joined;
      for (let n = 0; n < 20; n += 1) await publish();
      await t.quiet();
      expect(seen).toEqual(Array.from({ length: published }, (_, index) => index + 1));
    },
  },
  {
    title: 'from "beginning": urgent priorities first, then oldest first, over all that was kept',
    needs: ["runtime-subscriptions", "priority"],
    run: async (t) => {
      const type = "custom.contract.late";
      const where = { metadata: { correlationId: [t.flow] } };
      const priorities = Array.from({ length: 600 }, (_, n) => 10 - (n % 10));
      const events = await t.bus.publishAll(
        priorities.map((priority, n) => ({
          type,
          data: { name: `${priority}: ${n}` },
          metadata: { correlationId: t.flow, priority },
        })),
      );
      expect(events.every(({ ok }) => ok)).toBe(true);
      const seen: string[] = [];
      await t.bus.subscribe(
        { name: t.name("late-urgent"), on: type, where, from: "beginning", concurrency: 1 },
        (event) => {
          seen.push(String(Object(event.data).name));
        },
      );
      await t.quiet();
      const strict = priorities
        .map((priority, n) => ({ priority, n }))
        .sort((a, b) => a.priority - b.priority || a.n - b.n);
      expect(seen).toEqual(strict.map(({ priority, n }) => `${priority}: ${n}`));
    },
  },
  {
    title: 'from "beginning" with maxBacklog: what was kept is delivered, and what comes meanwhile',
    needs: ["runtime-subscriptions", "backpressure"],
    run: async (t) => {
      const type = "custom.contract.late";
      const where = { metadata: { correlationId: [t.flow] } };
      for (let n = 0; n < 10; n += 1) await t.publish(type, { data: { n } });
      const seen: unknown[] = [];
      const name = t.name("late-bounded");
      const settings = { name, on: type, where, from: "beginning", concurrency: 1, maxBacklog: 2 } as const;
      const another = Promise.withResolvers<void>();
      const subscriber = await t.bus.subscribe(settings, async (event) => {
        await another.promise;
        seen.push(Object(event.data).n);
      });
      // Meanwhile: once what was kept has all been queued, it counts as any other.
      await t.publish(type, { data: { n: 10 } });
      another.resolve();
      await t.eventually("all are delivered", () => seen.length === 11);
      expect(seen).toEqual(Array.from({ length: 11 }, (_, n) => n));
      expect((await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters).toEqual([]);
      await subscriber.close();
    },
  },
  {
    title: "from a time: what was accepted from then on",
    needs: ["runtime-subscriptions"],
    run: async (t) => {
      const type = "custom.contract.late";
      const where = { metadata: { correlationId: [t.flow] } };
      await t.publish(type);
      const accepted = Date.now();
      await t.eventually("the clock goes on", () => Date.now() > accepted + t.ms(1));
      const from = new Date();
      // When it happened does not count: this one is accepted later.
      const second = await t.publish(type, { time: "2001-01-01T00:00:00Z" });
      const third = await t.publish(type);
      const seen: string[] = [];
      await t.bus.subscribe({ name: t.name("from-time"), on: type, where, from, concurrency: 1 }, (event) => {
        seen.push(event.id);
      });
      await t.quiet();
      expect(seen).toEqual([second.id, third.id]);
    },
  },
  {
    title: "paused it takes nothing new and what runs goes on; resumed it takes what waited",
    needs: ["local-consumers"],
    run: async (t) => {
      const type = "custom.contract.one_at_a_time";
      const subscriber = await t.consume("one-at-a-time");
      const gate = t.gate();
      const first = await t.publish(type, { script: { "*": [{ do: "wait", gate }] } });
      await t.reported({ phase: "started" });
      subscriber.pause();
      const second = await t.publish(type);
      // A receive that was under way may have it for a moment, before it gives it back.
      const waiting = await t.eventually("it waits", async () => {
        const info = await subscriber.info();
        return info.backlog === 1 && info;
      });
      expect(waiting).toMatchObject({ paused: true, running: 1 });
      expect((await t.bus.metrics()).activeSubscriptions).toBe(0);
      await t.open(gate);
      await t.handled(first, "one-at-a-time");
      await t.eventually("it runs nothing", async () => (await subscriber.info()).running === 0);
      expect(await t.reports({ phase: "started" })).toHaveLength(1);
      subscriber.resume();
      await t.handled(second, "one-at-a-time");
      expect((await subscriber.info()).paused).toBe(false);
    },
  },
  {
    title: "info tells types, counts, the last event's time, the backlog and its age",
    needs: ["local-consumers"],
    run: async (t) => {
      const type = "custom.contract.three_attempts";
      const subscriber = await t.consume("three-attempts");
      const fresh = await subscriber.info();
      expect(fresh).toEqual({
        name: "three-attempts",
        types: [type],
        paused: false,
        delivered: 0,
        failed: 0,
        retried: 0,
        deadLettered: 0,
        expired: 0,
        running: 0,
        backlog: 0,
        oldestAgeMs: 0,
      });
      const began = Date.now();
      await t.publish(type);
      await t.publish(type, { script: { "three-attempts": [{ do: "fail", upTo: 1 }] } });
      await t.publish(type, { script: { "three-attempts": [{ do: "fail" }] } });
      await t.quiet();
      const info = await subscriber.info();
      expect(info).toMatchObject({ delivered: 2, failed: 4, retried: 3, deadLettered: 1, running: 0, backlog: 0 });
      expect(Date.parse(info.lastEventAt ?? "")).toBeGreaterThanOrEqual(began);
      expect(Date.parse(info.lastEventAt ?? "")).toBeLessThanOrEqual(Date.now());

      const gate = t.gate();
      const delayed = await t.publish(type, {
        script: {
          "*": [
            { do: "wait", gate, upTo: 1 },
            { do: "retry-after", ms: t.ms(100), upTo: 1 },
          ],
        },
      });
      await t.reported({ phase: "started", eventId: delayed.id });
      // Before it fails, so that its retry is not taken, however soon it is due.
      subscriber.pause();
      await t.open(gate);
      await t.reported({ phase: "failed", eventId: delayed.id });
      const waiting = await t.publish(type);
      const laterMs = t.ms(20);
      await t.eventually("it has waited", () => Date.now() > Date.parse(waiting.time) + laterMs);
      await t.eventually("both are counted", async () => (await subscriber.info()).backlog === 2);
      const paused = await subscriber.info();
      expect(paused).toMatchObject({ paused: true, backlog: 2 });
      if (t.has("queue-age")) expect(paused.oldestAgeMs).toBeGreaterThanOrEqual(laterMs);
      subscriber.resume();
      await t.quiet();
    },
  },
  {
    title: "closed it takes nothing new and waits for what runs; another takes over",
    needs: ["local-consumers"],
    run: async (t) => {
      const type = "custom.contract.one_at_a_time";
      const first = await t.consume("one-at-a-time");
      const gate = t.gate();
      await t.publish(type, { script: { "*": [{ do: "wait", gate }] } });
      await t.reported({ phase: "started" });
      const next = await t.publish(type);
      let closed = false;
      const closing = first.close().then(() => {
        closed = true;
      });
      const second = await t.consume("one-at-a-time");
      expect(closed).toBe(false);
      await t.open(gate);
      await closing;
      await t.handled(next, "one-at-a-time");
      await t.quiet();
      expect((await first.info()).delivered + (await second.info()).delivered).toBe(2);
      expect((await first.info()).delivered).toBe(1);
      await first.close();
    },
  },
  {
    title: "above maxBacklog the newcomers become its dead letters; publisher and others are not affected",
    needs: ["backpressure"],
    run: async (t) => {
      const type = "custom.contract.small_backlog";
      const subscriber = await t.consume("small-backlog");
      await t.consume("beside-small-backlog");
      subscriber.pause();
      const events = [];
      for (let n = 0; n < 5; n += 1) events.push(await t.publish(type));
      for (const event of events) await t.handled(event, "beside-small-backlog");
      const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(deadLetters).toMatchObject(
        events
          .slice(3)
          .reverse()
          .map((event) => ({
            subscription: "small-backlog",
            event,
            attempts: 0,
            reason: { code: "overflow", message: expect.stringContaining("small-backlog"), attempt: 0 },
          })),
      );
      subscriber.resume();
      await t.quiet();
      const handled = await t.reports({ phase: "done", subscription: "small-backlog" });
      expect(handled.map(({ eventId }) => eventId)).toEqual(events.slice(0, 3).map(({ id }) => id));
    },
  },
];
