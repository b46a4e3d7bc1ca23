import { expect } from "vitest";
import type { ContractCase } from "../case.ts";

const needs = ["durable"] as const;

export const restartCases: readonly ContractCase[] = [
  {
    title: "history, flows and stats are there after all buses were closed",
    needs,
    run: async (t) => {
      const type = t.type("kept");
      const event = await t.publishInTurn(type, { data: { text: "Grüße" } });
      const bus = await t.restart();
      expect(await bus.history.get(event.id)).toEqual(event);
      expect(await bus.history.flow(t.flow)).toMatchObject({ status: "completed", size: 1 });
      expect(await bus.history.stats({ type })).toEqual([{ type, count: 1 }]);
      if (!t.has("known-ids")) return;
      await expect(t.publish(type, { id: event.id, data: { text: "other" } })).rejects.toMatchObject({
        code: "conflict",
      });
    },
  },
  {
    title: "a subscription goes on where it was: what waited is delivered, what was delivered is not",
    needs: [...needs, "local-consumers"],
    run: async (t) => {
      const type = "custom.contract.collecting";
      const subscriber = await t.consume("collecting");
      const done = await t.publish(type);
      await t.handled(done, "collecting");
      await subscriber.close();
      const waiting = await t.publish(type);
      const { subscriptions } = await t.restart();
      // A queue that was polled may hand the message to the poll that was broken off: it waits again after the lease.
      await t.eventually("it has collected", async () => {
        const state = await subscriptions.get("collecting");
        return state?.waiting === 1 && state.running === 0;
      });
      const later = await t.publish(type);
      await t.consume("collecting");
      const runs = await t.quiet({ phase: "started" });
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
      await t.consume("long-backoff");
      const putOff = (ms: number) =>
        t.publish("custom.contract.long_backoff", { script: { "*": [{ do: "retry-after", ms, upTo: 1 }] } });
      const event = await putOff(t.ms(250));
      const [failed] = await t.reported({ phase: "failed" });
      // However long the restart takes, this one is not due after it.
      const later = t.has("settled") ? await putOff(3_600_000) : undefined;
      if (later !== undefined) await t.reported({ phase: "failed", eventId: later.id });
      await t.restart();
      await t.consume("long-backoff");
      if (later !== undefined) {
        const { pending } = await t.bus.history.flow(t.flow);
        expect(pending.find(({ eventId }) => eventId === later.id)).toMatchObject({
          state: "delayed",
          attempts: 1,
          lastError: "put off by its script",
        });
      }
      await t.handled(event, "long-backoff");
      const [again] = await t.reports({ phase: "started", eventId: event.id, attempt: 2 });
      expect((again?.at ?? 0) - (failed?.at ?? 0)).toBeGreaterThanOrEqual(t.ms(250) - 2);
      if (later !== undefined) await t.bus.subscriptions.delete("long-backoff");
    },
  },
  {
    title: "dead letters are kept, and can be redriven",
    needs: [...needs, "local-consumers"],
    run: async (t) => {
      await t.consume("fragile");
      await t.publish("custom.contract.fragile", { script: { "*": [{ do: "fail" }] } });
      await t.quiet();
      const before = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(before.deadLetters).toHaveLength(1);
      const { deadLetters } = await t.restart();
      expect(await deadLetters.list({ correlationId: t.flow })).toEqual(before);
      await deadLetters.redrive({ correlationId: t.flow });
      await t.consume("fragile");
      const runs = await t.quiet({ phase: "started", redriven: true });
      expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
    },
  },
  {
    title: "a run that the closing bus aborted is run again, its attempt not counted",
    needs: [...needs, "local-consumers"],
    run: async (t) => {
      await t.restart({ grace: t.ms(10) });
      await t.consume("long-backoff");
      const event = await t.publish("custom.contract.long_backoff", { script: { "*": [{ do: "hang", upTo: 1 }] } });
      await t.reported({ phase: "started" });
      await t.restart();
      if (t.has("settled")) {
        expect((await t.bus.history.flow(t.flow)).pending).toMatchObject([
          { eventId: event.id, state: "waiting", attempts: 0 },
        ]);
      }
      const handled: number[] = [];
      await t.consumeWith("long-backoff", (_, { attempt }) => handled.push(attempt));
      await t.quiet();
      expect(handled).toEqual([1]);
    },
  },
  {
    title: "a subscription, its settings and its backlog outlive the process that made it",
    needs: [...needs, "runtime-subscriptions"],
    run: async (t) => {
      const name = t.name("kept");
      await t.bus.subscribe(
        { name, on: "custom.contract.kept", attempts: 7, maxBacklog: 2, ordered: "data.key" },
        () => {},
      );
      const before = await t.bus.subscriptions.get(name);
      const { subscriptions } = await t.restart();
      for (let n = 0; n < 3; n += 1) await t.publish("custom.contract.kept");
      expect(await subscriptions.get(name)).toMatchObject({
        record: before?.record ?? {},
        waiting: 2,
        deadLetters: 1,
      });
    },
  },
];
