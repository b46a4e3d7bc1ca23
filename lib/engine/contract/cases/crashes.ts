import { expect } from "vitest";
import { unnamedInWorker } from "../adapter.ts";
import type { ContractCase } from "../case.ts";

const needs = ["crash"] as const;
const type = "custom.contract.crashing";

export const crashCases: readonly ContractCase[] = [
  {
    title: "a handler whose process dies is run again elsewhere, and the attempt counts",
    needs,
    run: async (t) => {
      const worker = await t.startWorker("crashing");
      const event = await t.publish(type, { script: { "*": [{ do: "crash", upTo: 1 }] } });
      const [first] = await t.reported({ phase: "started" });
      expect(first).toMatchObject({ pid: worker.pid, attempt: 1 });
      await t.consume("crashing");
      await t.handled(event, "crashing");
      expect((await t.quiet()).map(({ phase, attempt, pid }) => [phase, attempt, pid])).toEqual([
        ["started", 1, worker.pid],
        ["started", 2, process.pid],
        ["done", 2, process.pid],
      ]);
    },
  },
  {
    title: "a process killed in the middle of its work: another takes over all of it",
    needs,
    run: async (t) => {
      const worker = await t.startWorker("crashing");
      const gate = t.gate();
      const running = [];
      for (let n = 0; n < 3; n += 1)
        running.push(await t.publish(type, { script: { "*": [{ do: "wait", gate, upTo: 1 }] } }));
      await t.reported({ phase: "started" }, 3);
      await worker.kill();
      const waiting = await t.publish(type);
      await t.consume("crashing");
      for (const event of [...running, waiting]) await t.handled(event, "crashing");
      const done = await t.quiet({ phase: "done" });
      const attempts = new Map(done.map(({ eventId, attempt }) => [eventId, attempt]));
      expect(done).toHaveLength(4);
      expect(running.map(({ id }) => attempts.get(id))).toEqual([2, 2, 2]);
      expect(attempts.get(waiting.id)).toBe(1);
    },
  },
  {
    title: "what kills its process each time becomes a dead letter once it is out of attempts",
    needs,
    run: async (t) => {
      const subscriber = await t.consume("crashing-twice");
      await subscriber.close();
      const event = await t.publish("custom.contract.crashing_twice", { script: { "*": [{ do: "crash" }] } });
      for (const attempt of [1, 2]) {
        await t.startWorker("crashing-twice");
        await t.reported({ phase: "started", attempt });
      }
      await t.consume("crashing-twice");
      await t.quiet();
      const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(deadLetters).toMatchObject([
        { subscription: "crashing-twice", event, attempts: 2, reason: { code: "process_ended", attempt: 2 } },
      ]);
      expect(deadLetters[0]?.failures.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(await t.reports({ phase: "started" })).toHaveLength(2);
    },
  },
  {
    title: "a process that is stopped and continued is not overtaken, though one that died is",
    needs: [...needs, "ownership"],
    run: async (t) => {
      const frozen = await t.startWorker("crashing");
      const gate = t.gate();
      const held = await t.publish(type, { script: { "*": [{ do: "wait", gate }] } });
      await t.reported({ phase: "started" });
      const killed = await t.startWorker("short-lived");
      const lost = await t.publish("custom.contract.short_lived", { script: { "*": [{ do: "crash", upTo: 1 }] } });
      await t.reported({ phase: "started", eventId: lost.id, pid: killed.pid });
      await frozen.freeze();
      await t.consume("crashing");
      await t.consume("short-lived");
      await t.open(gate);
      // That the dead one's work is taken over shows that the engine has looked who is gone.
      await t.handled(lost, "short-lived");
      const other = await t.publish(type);
      await t.handled(other, "crashing");
      expect(await t.reports({ eventId: held.id })).toHaveLength(1);
      frozen.thaw();
      await t.handled(held, "crashing");
      const runs = await t.quiet({ eventId: held.id });
      expect(runs.map(({ phase, attempt, pid }) => [phase, attempt, pid])).toEqual([
        ["started", 1, frozen.pid],
        ["done", 1, frozen.pid],
      ]);
    },
  },
  {
    title: "an unnamed subscription ends with its process, however that ends",
    needs: [...needs, "visible-unnamed"],
    run: async (t) => {
      const worker = await t.startWorker("crashing");
      const unnamed = async () => {
        const states = await t.bus.subscriptions.list();
        return states.find(({ record }) => record.on.includes(unnamedInWorker));
      };
      await t.eventually("it is there", unnamed);
      await worker.kill();
      await t.eventually("it is gone", async () => (await unnamed()) === undefined);
      await t.publish(unnamedInWorker);
      expect(await t.quiet()).toEqual([]);
    },
  },
  {
    title: "order within a key outlives the death of the process that ran its head",
    needs: [...needs, "ordered-backlog"],
    run: async (t) => {
      await t.startWorker("in-order");
      const inOrder = "custom.contract.in_order";
      const head = await t.publishInTurn(inOrder, { data: { key: "a" }, script: { "*": [{ do: "crash", upTo: 1 }] } });
      const behind = await t.publish(inOrder, { data: { key: "a" } });
      await t.reported({ phase: "started" });
      await t.consume("in-order");
      await t.handled(behind, "in-order");
      const done = await t.quiet({ phase: "done" });
      expect(done.map(({ eventId, attempt }) => [eventId, attempt])).toEqual([
        [head.id, 2],
        [behind.id, 1],
      ]);
    },
  },
];
