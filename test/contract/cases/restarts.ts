import { expect } from "vitest";
import type { ContractCase } from "../case.ts";

const needs = ["durable"] as const;

export const restartCases: readonly ContractCase[] = [
  {
    title: "history, flows and stats are there after all buses were closed",
    needs,
    run: async (t) => {
      const first = await t.connect();
      const type = t.type("kept");
      const event = await t.publishInTurn(type, { data: { text: "Grüße" } }, first);
      await first.close();
      await t.bus.close();
      const second = await t.connect();
      expect(await second.history.get(event.id)).toEqual(event);
      expect(await second.history.flow(t.flow)).toMatchObject({ status: "completed", size: 1 });
      expect(await second.history.stats({ type })).toEqual([{ type, count: 1 }]);
      if (!t.has("known-ids")) return;
      await expect(t.publish(type, { id: event.id, data: { text: "other" } }, second)).rejects.toMatchObject({
        code: "conflict",
      });
    },
  },
  {
    title: "a subscription goes on where it was: what waited is delivered, what was delivered is not",
    needs: [...needs, "local-consumers"],
    run: async (t) => {
      const type = "custom.contract.collecting";
      const first = await t.connect();
      const subscriber = await t.consume("collecting", first);
      const done = await t.publish(type, {}, first);
      await t.handled(done, "collecting");
      await subscriber.close();
      const waiting = await t.publish(type, {}, first);
      await first.close();
      await t.bus.close();
      const second = await t.connect();
      await t.eventually("it has collected", async () => (await second.subscriptions.get("collecting"))?.waiting === 1);
      expect(await second.subscriptions.get("collecting")).toMatchObject({ waiting: 1, running: 0 });
      const later = await t.publish(type, {}, second);
      await t.consume("collecting", second);
      const runs = await t.quiet({ phase: "started" }, second);
      expect(t.delivered(runs.map(({ eventId, attempt }) => [eventId, attempt]))).toEqual(
        t.delivered([
          [done.id, 1],
          [waiting.id, 1],
          [later.id, 1],
        ]),
      );
    },
  },
  {
    title: "a delayed retry comes when it is due, its attempts counted",
    needs: [...needs, "local-consumers"],
    run: async (t) => {
      const first = await t.connect();
      await t.consume("long-backoff", first);
      const script = { "*": [{ do: "retry-after" as const, ms: t.ms(250), upTo: 1 }] };
      const event = await t.publish("custom.contract.long_backoff", { script }, first);
      const [failed] = await t.reported({ phase: "failed" });
      await first.close();
      await t.bus.close();
      const second = await t.connect();
      await t.consume("long-backoff", second);
      if (t.has("settled")) {
        expect((await second.history.flow(t.flow)).pending).toMatchObject([
          { state: "delayed", attempts: 1, lastError: "put off by its script" },
        ]);
      }
      await t.handled(event, "long-backoff");
      const [again] = await t.reports({ phase: "started", attempt: 2 });
      expect((again?.at ?? 0) - (failed?.at ?? 0)).toBeGreaterThanOrEqual(t.ms(250) - 2);
    },
  },
  {
    title: "dead letters are kept, and can be redriven",
    needs: [...needs, "local-consumers"],
    run: async (t) => {
      const first = await t.connect();
      await t.consume("fragile", first);
      await t.publish("custom.contract.fragile", { script: { "*": [{ do: "fail" }] } }, first);
      await t.quiet({}, first);
      const before = await first.deadLetters.list({ correlationId: t.flow });
      expect(before.deadLetters).toHaveLength(1);
      await first.close();
      await t.bus.close();
      const second = await t.connect();
      expect(await second.deadLetters.list({ correlationId: t.flow })).toEqual(before);
      await second.deadLetters.redrive({ correlationId: t.flow });
      await t.consume("fragile", second);
      const runs = await t.quiet({ phase: "started", redriven: true }, second);
      expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
    },
  },
  {
    title: "a run that the closing bus aborted is run again, its attempt not counted",
    needs: [...needs, "local-consumers"],
    run: async (t) => {
      const first = await t.connect({ grace: t.ms(10) });
      await t.consume("long-backoff", first);
      const event = await t.publish(
        "custom.contract.long_backoff",
        { script: { "*": [{ do: "hang", upTo: 1 }] } },
        first,
      );
      await t.reported({ phase: "started" });
      await first.close();
      const second = await t.connect();
      if (t.has("settled")) {
        expect((await second.history.flow(t.flow)).pending).toMatchObject([
          { eventId: event.id, state: "waiting", attempts: 0 },
        ]);
      }
      const handled: number[] = [];
      await t.consumeWith("long-backoff", (_, { attempt }) => handled.push(attempt), second);
      await t.quiet({}, second);
      expect(handled).toEqual([1]);
    },
  },
  {
    title: "a subscription, its settings and its backlog outlive the process that made it",
    needs: [...needs, "runtime-subscriptions"],
    run: async (t) => {
      const first = await t.connect();
      const name = t.name("kept");
      await first.subscribe(
        { name, on: "custom.contract.kept", attempts: 7, maxBacklog: 2, ordered: "data.key" },
        () => {},
      );
      const before = await first.subscriptions.get(name);
      await first.close();
      const second = await t.connect();
      for (let n = 0; n < 3; n += 1) await t.publish("custom.contract.kept", {}, second);
      expect(await second.subscriptions.get(name)).toMatchObject({
        record: before?.record ?? {},
        waiting: 2,
        deadLetters: 1,
      });
    },
  },
];
