import { expect } from "vitest";
import type { SubscriptionOptions } from "../../../lib/subscription/index.ts";
import type { ContractCase } from "../case.ts";

/** Settings that cannot be, and what the refusal has to name. */
const bad: readonly (readonly [settings: Readonly<Record<string, unknown>>, code: string, named: readonly string[]])[] =
  [
    [{ name: "Bad Name" }, "invalid_config", ["name", "Bad Name"]],
    [{ name: "x".repeat(49) }, "invalid_config", ["name"]],
    [{ on: [] }, "invalid_config", ["on"]],
    [{ on: 7 }, "invalid_config", ["on", "7"]],
    [{ on: "task.compleeted" }, "unknown_type", ["task.compleeted", "task.completed"]],
    [{ attempts: 0 }, "invalid_config", ["attempts", "0"]],
    [{ attempts: 101 }, "invalid_config", ["attempts", "101"]],
    [{ attempts: 1.5 }, "invalid_config", ["attempts", "1.5"]],
    [{ backoff: { from: "soon" } }, "invalid_config", ["backoff.from", "soon"]],
    [{ backoff: { to: "12h" } }, "invalid_config", ["backoff.to", "12h"]],
    [{ backoff: { from: "2m", to: "1m" } }, "invalid_config", ["backoff.from", "2m"]],
    [{ timeout: 0 }, "invalid_config", ["timeout", "0"]],
    [{ timeout: "-1s" }, "invalid_config", ["timeout", "-1s"]],
    [{ concurrency: 0 }, "invalid_config", ["concurrency", "0"]],
    [{ concurrency: 1_001 }, "invalid_config", ["concurrency", "1001"]],
    [{ ordered: "taskId" }, "invalid_config", ["ordered", "taskId"]],
    [{ idempotent: "yes" }, "invalid_config", ["idempotent", "yes"]],
    [{ dedupeFor: "forever" }, "invalid_config", ["dedupeFor", "forever"]],
    [{ from: "yesterday" }, "invalid_config", ["from", "yesterday"]],
    [{ maxBacklog: 0 }, "invalid_config", ["maxBacklog", "0"]],
    [{ concurency: 2 }, "invalid_config", ["concurency", "concurrency"]],
    [{ where: { data: { kind: "document" } } }, "invalid_pattern", ["kind"]],
  ];

export const subscriptionCases: readonly ContractCase[] = [
  {
    title: "bad settings are refused by name, and make no subscription",
    run: async (t) => {
      for (const [settings, code, named] of bad) {
        const name = t.name("refused");
        const subscription: SubscriptionOptions = { name, on: "custom.contract.refused", ...settings };
        const refused = await t.bus
          .subscribe(subscription, () => {})
          .then(
            () => undefined,
            (error: unknown) => error,
          );
        expect(refused, JSON.stringify(settings)).toMatchObject({ name: "BusError", code });
        for (const word of named) expect(Object(refused).message, JSON.stringify(settings)).toContain(word);
        expect(await t.bus.subscriptions.get(name)).toBeUndefined();
      }
    },
  },
  {
    title: "a named subscription collects while nobody consumes it",
    run: async (t) => {
      const type = "custom.contract.collecting";
      const first = await t.consume("collecting");
      await first.close();
      for (let n = 0; n < 3; n += 1) await t.publish(type);
      expect(await t.bus.subscriptions.get("collecting")).toMatchObject({ waiting: 3, running: 0, temporary: false });
      const second = await t.consume("collecting");
      const done = await t.reported({ phase: "done" }, 3);
      expect(done.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
      await t.quiet();
      expect(await second.info()).toMatchObject({ delivered: 3, backlog: 0 });
    },
  },
  {
    title: "without a name it has one of its own, and ends with its subscriber",
    run: async (t) => {
      const on = "custom.contract.unnamed";
      const seen: string[][] = [[], []];
      const one = await t.bus.subscribe({ on }, (event) => seen[0]?.push(event.id));
      const other = await t.bus.subscribe({ on }, (event) => seen[1]?.push(event.id));
      expect(one.name).not.toBe(other.name);
      const event = await t.publish(on);
      await t.quiet();
      expect(seen).toEqual([[event.id], [event.id]]);
      expect(await t.bus.subscriptions.get(one.name)).toMatchObject({ temporary: true });
      await one.close();
      expect(await t.bus.subscriptions.get(one.name)).toBeUndefined();
      const next = await t.publish(on);
      await t.quiet();
      expect(seen).toEqual([[event.id], [event.id, next.id]]);
    },
  },
  {
    title: "they can be listed and got, with their settings and how they stand",
    run: async (t) => {
      const name = t.name("listed");
      const subscriber = await t.bus.subscribe(
        {
          name,
          on: ["custom.contract.listed", "custom.contract.listed_too"],
          attempts: 2,
          backoff: { from: "2s", to: "1m" },
          timeout: "5s",
          concurrency: 3,
        },
        () => {},
      );
      subscriber.pause();
      const event = await t.publish("custom.contract.listed");
      const state = await t.bus.subscriptions.get(name);
      expect(state).toMatchObject({
        record: {
          name,
          on: ["custom.contract.listed", "custom.contract.listed_too"],
          attempts: 2,
          backoff: { from: 2_000, to: 60_000 },
          timeout: 5_000,
          concurrency: 3,
          idempotent: true,
          dedupeFor: 15 * 86_400_000,
          from: "now",
        },
        temporary: false,
        waiting: 1,
        delayed: 0,
        running: 0,
        deadLetters: 0,
      });
      expect(state?.oldestAgeMs).toBeGreaterThanOrEqual(0);
      expect(state?.oldestAgeMs).toBeLessThanOrEqual(Date.now() - Date.parse(event.time) + t.ms(50));
      const listed = (await t.bus.subscriptions.list()).find(({ record }) => record.name === name);
      expect(listed).toMatchObject({ record: state?.record ?? {}, waiting: 1 });
      expect(await t.bus.subscriptions.get("no-such-name")).toBeUndefined();
    },
  },
  {
    title: "deleted, it forgets what it had not delivered and collects nothing more; its dead letters stay",
    run: async (t) => {
      const name = t.name("deleted");
      const on = "custom.contract.deleted";
      const fail = () => {
        throw new Error("no");
      };
      const first = await t.bus.subscribe({ name, on, attempts: 1 }, fail);
      await t.publish(on);
      await t.eventually("its dead letter", async () => (await t.bus.subscriptions.get(name))?.deadLetters === 1);
      await first.close();
      await t.publish(on);
      expect(await t.bus.subscriptions.delete(name)).toBe(true);
      expect(await t.bus.subscriptions.get(name)).toBeUndefined();
      expect(await t.bus.subscriptions.delete(name)).toBe(false);
      await t.publish(on);
      await t.quiet();
      expect((await t.bus.deadLetters.list({ subscription: name })).deadLetters).toHaveLength(1);
      const seen: string[] = [];
      await t.bus.subscribe({ name, on }, (event) => seen.push(event.id));
      const last = await t.publish(on);
      await t.quiet();
      expect(seen).toEqual([last.id]);
    },
  },
  {
    title: "the same name with other settings: the last one wins, also for who consumes already; warned once",
    run: async (t) => {
      const warnings: (Readonly<Record<string, unknown>> | undefined)[] = [];
      const ignore = () => {};
      const bus = await t.connect({
        logger: { debug: ignore, info: ignore, warn: (_, fields) => warnings.push(fields), error: ignore },
      });
      const name = t.name("changed");
      const attempts: number[] = [];
      const handler = (_: unknown, { attempt }: { attempt: number }) => {
        attempts.push(attempt);
        throw new Error("no");
      };
      const settings = { name, on: "custom.contract.changed", attempts: 1, backoff: { from: 1, to: 2 } };
      const first = await bus.subscribe(settings, handler);
      await bus.subscribe(settings, handler);
      expect(warnings).toEqual([]);
      const changed = await bus.subscribe({ ...settings, on: "custom.contract.changed_now", attempts: 3 }, handler);
      await changed.close();
      expect(warnings).toMatchObject([{ subscription: name, changed: expect.arrayContaining(["on", "attempts"]) }]);
      await bus.subscribe({ ...settings, on: "custom.contract.changed_now", attempts: 2 }, handler);
      expect(warnings).toHaveLength(1);
      expect((await bus.subscriptions.get(name))?.record).toMatchObject({
        on: ["custom.contract.changed_now"],
        attempts: 2,
      });

      await t.publish("custom.contract.changed", {}, bus);
      await t.publish("custom.contract.changed_now", {}, bus);
      await bus.settled(t.flow, { timeout: t.ms(5_000) });
      expect(attempts).toEqual([1, 2]);
      expect((await first.info()).types).toEqual(["custom.contract.changed_now"]);
    },
  },
  {
    title: 'from "now" leaves out what was before; settings given again do not start it anew',
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
    title: "from a time: what was accepted from then on",
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
    run: async (t) => {
      const type = "custom.contract.one_at_a_time";
      const subscriber = await t.consume("one-at-a-time");
      const gate = t.gate();
      const first = await t.publish(type, { script: { "*": [{ do: "wait", gate }] } });
      await t.reported({ phase: "started" });
      subscriber.pause();
      const second = await t.publish(type);
      expect(await subscriber.info()).toMatchObject({ paused: true, running: 1, backlog: 1 });
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

      const delayed = await t.publish(type, { script: { "*": [{ do: "retry-after", ms: t.ms(100), upTo: 1 }] } });
      await t.reported({ phase: "failed", eventId: delayed.id });
      subscriber.pause();
      const waiting = await t.publish(type);
      const laterMs = t.ms(20);
      await t.eventually("it has waited", () => Date.now() > Date.parse(waiting.time) + laterMs);
      const paused = await subscriber.info();
      expect(paused).toMatchObject({ paused: true, backlog: 2 });
      expect(paused.oldestAgeMs).toBeGreaterThanOrEqual(laterMs);
      subscriber.resume();
      await t.quiet();
    },
  },
  {
    title: "closed it takes nothing new and waits for what runs; another takes over",
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
    title: "above maxBacklog the newcomers become its dead letters; publisher and others notice nothing",
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
