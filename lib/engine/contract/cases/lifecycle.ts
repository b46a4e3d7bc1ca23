import { expect } from "vitest";
import { BusError } from "../../../error/bus-error.ts";
import type { ContractCase } from "../case.ts";

/** Its subscription is left behind with work undone. */
const type = "custom.contract.closing";

export const lifecycleCases: readonly ContractCase[] = [
  {
    title: "metrics count what this bus did and tell how the whole stands",
    needs: ["local-consumers"],
    run: async (t) => {
      const subscriber = await t.consume("three-attempts");
      const three = "custom.contract.three_attempts";
      expect(await t.bus.metrics()).toMatchObject({
        published: 0,
        delivered: 0,
        failed: 0,
        retried: 0,
        deadLettered: 0,
        expired: 0,
        rateLimited: 0,
        duplicates: 0,
        stuck: 0,
        activeSubscriptions: 1,
        running: 0,
        publishMs: { p50: 0, p95: 0, p99: 0 },
        deliveryMs: { p50: 0, p95: 0, p99: 0 },
      });
      const gate = t.gate();
      await t.publish(three, { script: { "*": [{ do: "fail" }] } });
      await t.publish(three, { script: { "*": [{ do: "fail", upTo: 1 }] } });
      await t.publish(three);
      await t.publish(three, { metadata: { expiresAt: "2001-01-01T00:00:00Z" } });
      await t.quiet();
      await t.publish(three, { script: { "*": [{ do: "wait", gate }] } });
      await t.reported({ phase: "started" }, 7);
      subscriber.pause();
      const waiting = await t.publish(three);
      await t.eventually("the clock goes on", () => Date.now() > Date.parse(waiting.time) + 2);
      await t.eventually("it is counted", async () => (await t.bus.metrics()).backlog >= 1);
      const metrics = await t.bus.metrics();
      expect(metrics).toMatchObject({
        published: 6,
        delivered: 2,
        failed: 4,
        retried: 3,
        deadLettered: 1,
        expired: 1,
        duplicates: 0,
        activeSubscriptions: 0,
        running: 1,
      });
      expect(metrics.backlog).toBeGreaterThanOrEqual(1);
      if (t.has("queue-age")) expect(metrics.oldestAgeMs).toBeGreaterThanOrEqual(1);
      for (const { p50, p95, p99 } of [metrics.publishMs, metrics.deliveryMs]) {
        expect(p50).toBeGreaterThanOrEqual(0);
        expect(p95).toBeGreaterThanOrEqual(p50);
        expect(p99).toBeGreaterThanOrEqual(p95);
      }
      expect(metrics.publishMs.p99).toBeGreaterThan(0);
      await t.open(gate);
      subscriber.resume();
      await t.quiet();
    },
  },
  {
    title: "close lets what runs finish, its publishes included, and begins nothing new",
    needs: ["local-consumers"],
    run: async (t) => {
      const bus = await t.connect();
      await t.consume("closing", bus);
      const gate = t.gate();
      const script = {
        "*": [
          { do: "wait" as const, gate },
          { do: "publish" as const, type: "custom.contract.last_words" as const },
        ],
      };
      const running = await t.publish(type, { script }, bus);
      await t.reported({ phase: "started" });
      const waiting = await t.publish(type, {}, bus);
      let closed = false;
      const ending = bus.close().then(() => {
        closed = true;
      });
      await expect(t.publish(type, {}, bus)).rejects.toMatchObject({ code: "closed" });
      expect(closed).toBe(false);
      await t.open(gate);
      await Promise.all([ending, bus.close()]);
      const reports = await t.reports();
      expect(reports.map(({ phase, eventId }) => [phase, eventId])).toEqual([
        ["started", running.id],
        ["published", running.id],
        ["done", running.id],
      ]);
      expect(reports.some(({ eventId }) => eventId === waiting.id)).toBe(false);
    },
  },
  {
    title: "close flushes: what was published before it is accepted",
    run: async (t) => {
      const bus = await t.connect();
      const published = Array.from({ length: 50 }, (_, n) =>
        t.publish("custom.contract.flushed", { data: { n } }, bus),
      );
      await bus.close();
      const events = await Promise.all(published);
      expect(events.map(({ data }) => Object(data).n)).toEqual(events.map((_, n) => n));
    },
  },
  {
    title: "close aborts what outlasts the grace time",
    needs: ["local-consumers"],
    run: async (t) => {
      const bus = await t.connect({ grace: t.ms(30) });
      await t.consume("closing", bus);
      await t.publish(type, { script: { "*": [{ do: "hang" }] } }, bus);
      await t.reported({ phase: "started" });
      const began = Date.now();
      await bus.close();
      expect(Date.now() - began).toBeGreaterThanOrEqual(t.ms(30) - 2);
      expect((await t.reports()).map(({ phase, attempt }) => `${attempt} ${phase}`)).toEqual([
        "1 started",
        "1 aborted",
        "1 failed",
      ]);
    },
  },
  {
    title: "once it is closed every method rejects as closed, and who waits is told",
    run: async (t) => {
      const bus = await t.connect();
      const event = await t.publish("custom.contract.handled", {}, bus);
      const waiting = expect(bus.waitFor("custom.contract.never")).rejects.toMatchObject({ code: "closed" });
      await bus.close();
      await waiting;
      const tail = async () => {
        for await (const one of bus.history.tail()) return one;
        return undefined;
      };
      const calls: Readonly<Record<string, () => Promise<unknown>>> = {
        publish: () => bus.publish({ type: "custom.contract.handled", data: {} }),
        emit: () => bus.emit.task.completed({ taskId: "t-1" }),
        subscribe: () => bus.subscribe({ on: "custom.contract.handled" }, () => {}),
        waitFor: () => bus.waitFor("custom.contract.handled", { since: event, timeout: 0 }),
        get: () => bus.history.get(event.id),
        query: () => bus.history.query(),
        flow: () => bus.history.flow(t.flow),
        stats: () => bus.history.stats(),
        tail,
        settled: () => bus.settled(t.flow),
        replay: () => bus.replay({ ids: [event.id] }, { to: "*" }),
        "subscriptions.list": () => bus.subscriptions.list(),
        "subscriptions.get": () => bus.subscriptions.get("handled"),
        "subscriptions.delete": () => bus.subscriptions.delete("no-such-name"),
        "deadLetters.list": () => bus.deadLetters.list(),
        "deadLetters.get": () => bus.deadLetters.get("no-such-dead-letter"),
        "deadLetters.redrive": () => bus.deadLetters.redrive("no-such-dead-letter"),
        "deadLetters.discard": () => bus.deadLetters.discard("no-such-dead-letter"),
        metrics: () => bus.metrics(),
      };
      const codes: Record<string, unknown> = {};
      for (const [name, call] of Object.entries(calls)) {
        codes[name] = await call().then(
          (value) => ["resolved", value],
          (thrown: unknown) => (thrown instanceof BusError ? thrown.code : thrown),
        );
      }
      expect(codes).toEqual(Object.fromEntries(Object.keys(calls).map((name) => [name, "closed"])));
      const [result] = await bus.publishAll([{ type: "custom.contract.handled", data: {} }]);
      expect(result).toMatchObject({ ok: false, error: { code: "closed" } });
      await bus.close();
    },
  },
];
