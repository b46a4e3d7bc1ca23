import { expect } from "vitest";
import type { Subscription } from "../../../subscription/index.ts";
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
        const subscription: Subscription = { name, on: "custom.contract.refused", ...settings };
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
      expect(await t.bus.subscriptions.get(one.name)).toMatchObject({ ephemeral: true });
      await one.close();
      expect(await t.bus.subscriptions.get(one.name)).toBeUndefined();
      const next = await t.publish(on);
      await t.quiet();
      expect(seen).toEqual([[event.id], [event.id, next.id]]);
    },
  },
  {
    title: "they can be listed and got, with their settings and how they stand",
    needs: ["runtime-subscriptions"],
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
        ephemeral: false,
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
    needs: ["runtime-subscriptions"],
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
    needs: ["runtime-subscriptions"],
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
      await bus.settled(t.flow, { timeout: t.longestWaitMs });
      expect(attempts).toEqual([1, 2]);
      expect((await first.info()).types).toEqual(["custom.contract.changed_now"]);
    },
  },
];
