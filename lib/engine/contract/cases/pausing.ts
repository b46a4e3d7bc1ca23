import { expect } from "vitest";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";

const needs = ["pause", "local-consumers"] as const;
const type = "custom.contract.handled";
const oneAtATime = "custom.contract.one_at_a_time";

/** What was published until now would have begun by the time that this has been handled. */
async function others(t: CaseContext, bus = t.bus): Promise<void> {
  await t.consume("growing-backoff", bus);
  await t.handled(await t.publish("custom.contract.growing_backoff"), "growing-backoff");
}

export const pausingCases: readonly ContractCase[] = [
  {
    title: "paused, it collects and begins nothing; resumed, it goes by priority, then by acceptance, no attempt spent",
    needs: [...needs, "priority"],
    run: async (t) => {
      await t.consume("one-at-a-time");
      expect(await t.bus.subscriptions.pause("one-at-a-time")).toBe(true);
      expect(await t.bus.subscriptions.pause("one-at-a-time")).toBe(false);
      const events = [];
      for (const priority of [9, 9, 1]) events.push(await t.publishInTurn(oneAtATime, { metadata: { priority } }));
      await others(t);
      const state = { paused: true, waiting: 3, running: 0 };
      expect(await t.bus.subscriptions.get("one-at-a-time")).toMatchObject(state);
      expect((await t.bus.subscriptions.list()).find(({ record }) => record.name === "one-at-a-time")).toMatchObject(
        state,
      );
      expect(await t.bus.subscriptions.resume("one-at-a-time")).toBe(true);
      expect(await t.bus.subscriptions.resume("one-at-a-time")).toBe(false);
      const reports = await t.quiet({ subscription: "one-at-a-time", phase: "started" });
      const [first, second, urgent] = events.map(({ id }) => [id, 1]);
      expect(reports.map(({ eventId, attempt }) => [eventId, attempt])).toEqual([urgent, first, second]);
      expect(await t.bus.subscriptions.get("one-at-a-time")).not.toHaveProperty("paused");
    },
  },
  {
    title: "what runs when it is paused goes on and ends; its retry waits",
    needs: [...needs, "settled"],
    run: async (t) => {
      const gate = t.gate();
      await t.consume("handled");
      const script = { "*": [{ do: "wait", gate, upTo: 1 } as const, { do: "fail", upTo: 1 } as const] };
      const { id } = await t.publish(type, { script });
      await t.reported({ phase: "started" });
      await t.bus.subscriptions.pause("handled");
      await t.open(gate);
      await t.reported({ phase: "failed" });
      await others(t);
      const pending = await t.eventually("the retry is due", async () => {
        const { pending: all } = await t.bus.history.flow(t.flow);
        const found = all.filter(({ eventId }) => eventId === id);
        return found[0]?.state === "waiting" && found;
      });
      expect(pending).toMatchObject([{ eventId: id, attempts: 1, paused: true }]);
      expect(await t.reports({ phase: "started", eventId: id })).toHaveLength(1);
      await t.bus.subscriptions.resume("handled");
      expect((await t.quiet({ phase: "done", eventId: id })).map(({ attempt }) => attempt)).toEqual([2]);
    },
  },
  {
    title: "settled says that a flow waits for what is paused, and how it goes on",
    needs: [...needs, "settled"],
    run: async (t) => {
      await t.consume("handled");
      await t.bus.subscriptions.pause("handled");
      await t.publish(type);
      await expect(t.bus.settled(t.flow, { timeout: t.ms(20) })).rejects.toMatchObject({
        code: "timeout",
        message: expect.stringContaining("handled is paused"),
        details: { paused: ["handled"], commands: ["waggle subscriptions resume handled"] },
      });
      await t.bus.subscriptions.resume("handled");
      await t.bus.settled(t.flow, { timeout: t.longestWaitMs });
    },
  },
  {
    title: "ordered, each key goes on in order of acceptance",
    needs,
    run: async (t) => {
      await t.consume("in-order");
      await t.bus.subscriptions.pause("in-order");
      const events = [];
      for (const key of ["a", "b", "a", "b", "a"]) {
        events.push({ key, ...(await t.publishInTurn("custom.contract.in_order", { data: { key } })) });
      }
      await others(t);
      expect(await t.bus.subscriptions.get("in-order")).toMatchObject({ paused: true, waiting: 5, running: 0 });
      await t.bus.subscriptions.resume("in-order");
      const started = (await t.quiet({ subscription: "in-order", phase: "started" })).map(({ eventId }) => eventId);
      for (const key of ["a", "b"]) {
        const ids = events.filter((one) => one.key === key).map(({ id }) => id);
        expect(started.filter((id) => ids.includes(id))).toEqual(ids);
      }
    },
  },
  {
    title: "it stays paused under other settings; one that is not there is not found",
    needs: [...needs, "runtime-subscriptions"],
    run: async (t) => {
      const name = t.name("paused");
      const on = t.type("paused");
      for (const call of ["pause", "resume"] as const) {
        await expect(t.bus.subscriptions[call](name)).rejects.toMatchObject({ code: "not_found" });
      }
      const seen: string[] = [];
      const subscriber = await t.bus.subscribe({ name, on, concurrency: 1 }, ({ id }) => seen.push(id));
      await t.bus.subscriptions.pause(name);
      await subscriber.close();
      await t.bus.subscribe({ name, on, concurrency: 3 }, ({ id }) => seen.push(id));
      const { id } = await t.publish(on);
      await others(t);
      expect(await t.bus.subscriptions.get(name)).toMatchObject({
        paused: true,
        waiting: 1,
        record: { concurrency: 3 },
      });
      await t.bus.subscriptions.resume(name);
      await t.eventually("it is handled", () => seen.length > 0);
      expect(seen).toEqual([id]);
      await t.bus.subscriptions.delete(name);
    },
  },
  {
    title: "one pauses and resumes what another handles",
    needs: [...needs, "multi-process"],
    run: async (t) => {
      const other = await t.connect();
      await t.consume("handled", other);
      await t.handled(await t.publish(type), "handled");
      await t.bus.subscriptions.pause("handled");
      const { id } = await t.publish(type);
      await others(t, other);
      await t.eventually("the first has ended, and the second waits", async () => {
        const state = await other.subscriptions.get("handled");
        return state?.paused === true && state.waiting === 1 && state.running === 0;
      });
      expect(await t.reports({ phase: "started", eventId: id })).toEqual([]);
      await t.bus.subscriptions.resume("handled");
      await t.reported({ phase: "done", eventId: id });
    },
  },
  {
    title: "it stays paused after all buses were closed",
    needs: [...needs, "durable"],
    run: async (t) => {
      const subscriber = await t.consume("handled");
      await t.bus.subscriptions.pause("handled");
      await subscriber.close();
      const { id } = await t.publish(type);
      await t.restart();
      await t.consume("handled");
      await others(t);
      expect(await t.bus.subscriptions.get("handled")).toMatchObject({ paused: true, waiting: 1, running: 0 });
      await t.bus.subscriptions.resume("handled");
      await t.reported({ phase: "done", eventId: id, attempt: 1 });
    },
  },
  {
    title: "it stays paused when the process that handles it is killed: what that ran waits with the rest",
    needs: [...needs, "crash"],
    run: async (t) => {
      const worker = await t.startWorker("crashing");
      const gate = t.gate();
      const crashing = "custom.contract.crashing";
      const { id } = await t.publish(crashing, { script: { "*": [{ do: "wait", gate, upTo: 1 }] } });
      await t.reported({ phase: "started" });
      await t.bus.subscriptions.pause("crashing");
      await worker.kill();
      await t.consume("crashing");
      const later = await t.publish(crashing);
      await t.eventually("what it ran has returned", async () => {
        const state = await t.bus.subscriptions.get("crashing");
        return state?.paused === true && state.running === 0 && state.waiting + state.delayed === 2;
      });
      await others(t);
      expect(await t.reports({ phase: "started", subscription: "crashing" })).toHaveLength(1);
      await t.bus.subscriptions.resume("crashing");
      await t.reported({ phase: "done", eventId: id, attempt: 2 });
      await t.reported({ phase: "done", eventId: later.id, attempt: 1 });
    },
  },
];
