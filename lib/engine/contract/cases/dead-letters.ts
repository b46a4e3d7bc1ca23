import { expect } from "vitest";
import { llmTextDelta } from "../../../catalog/llm.ts";
import type { Event } from "../../../event/event.ts";
import type { DeadLetter } from "../../delivery.ts";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";

const type = "custom.contract.fragile_beside";

/** The dead letters of the flow once all is quiet, newest first. */
async function deadLettersOf(t: CaseContext): Promise<DeadLetter[]> {
  await t.quiet();
  return (await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters;
}

/** Events that "fragile-beside" fails and the other subscription handles. */
async function broken(t: CaseContext, count: number): Promise<{ events: Event[]; deadLetters: DeadLetter[] }> {
  await t.consume("fragile-beside");
  await t.consume("never-broken");
  const events = [];
  for (let n = 0; n < count; n += 1) {
    events.push(
      await t.publish(type, { data: { n }, script: { "fragile-beside": [{ do: "fail", message: `broken ${n}` }] } }),
    );
    await t.quiet();
  }
  return { events, deadLetters: (await deadLettersOf(t)).reverse() };
}

export const deadLetterCases: readonly ContractCase[] = [
  {
    title: "list by subscription, type, flow, event, code and time; newest first, in pages; get",
    run: async (t) => {
      const began = new Date();
      const { events, deadLetters } = await broken(t, 5);
      const idsOf = (list: readonly DeadLetter[]) => list.map(({ id }) => id);
      const flow = { correlationId: t.flow };
      const list = async (query: object) => idsOf((await t.bus.deadLetters.list({ ...flow, ...query })).deadLetters);
      const newestFirst = idsOf(deadLetters).reverse();
      expect(deadLetters.map(({ event }) => event)).toEqual(events);
      expect(await list({ subscription: "fragile-beside" })).toEqual(newestFirst);
      expect(await list({ subscription: "never-broken" })).toEqual([]);
      expect(await list({ type })).toEqual(newestFirst);
      expect(await list({ type: "custom.contract.fragile_b*" })).toEqual(newestFirst);
      expect(await list({ type: "custom.contract.other" })).toEqual([]);
      expect(await list({ eventId: events[2]?.id })).toEqual([deadLetters[2]?.id]);
      expect(await list({ code: "handler_error" })).toEqual(newestFirst);
      expect(await list({ code: "timeout" })).toEqual([]);
      expect(await list({ since: began })).toEqual(newestFirst);
      expect(await list({ until: began })).toEqual([]);
      const first = await t.bus.deadLetters.list({ ...flow, limit: 2 });
      const second = await t.bus.deadLetters.list({ ...flow, limit: 2, cursor: first.cursor ?? "" });
      const third = await t.bus.deadLetters.list({ ...flow, limit: 2, cursor: second.cursor ?? "" });
      expect([first, second, third].flatMap((page) => idsOf(page.deadLetters))).toEqual(newestFirst);
      expect(third.cursor).toBeUndefined();
      const otherQuery = t.bus.deadLetters.list({ ...flow, code: "handler_error", cursor: first.cursor ?? "" });
      await expect(otherQuery).rejects.toMatchObject({ code: "invalid_config" });
      for (const deadLetter of deadLetters) expect(await t.bus.deadLetters.get(deadLetter.id)).toEqual(deadLetter);
      expect(await t.bus.deadLetters.get("no-such-dead-letter")).toBeUndefined();
      await t.bus.deadLetters.discard(flow);
    },
  },
  {
    title: "redrive goes to the subscription that failed and to no other, attempts anew, and says so",
    run: async (t) => {
      await t.consume("fragile-beside");
      await t.consume("never-broken");
      const event = await t.publish(type, { script: { "fragile-beside": [{ do: "fail" }] } });
      const [deadLetter] = await deadLettersOf(t);
      const report = await t.bus.deadLetters.redrive(deadLetter?.id ?? "");
      expect(report).toEqual({ done: [deadLetter?.id], failed: [] });
      const [again] = await deadLettersOf(t);
      const runs = await t.reports({ phase: "started", eventId: event.id });
      expect(runs.map(({ subscription, attempt, redriven }) => [subscription, attempt, redriven]).sort()).toEqual([
        ["fragile-beside", 1, false],
        ["fragile-beside", 1, true],
        ["fragile-beside", 2, false],
        ["fragile-beside", 2, true],
        ["never-broken", 1, false],
      ]);
      expect(runs.at(-1)?.event).toEqual(event);
      expect(again).toMatchObject({ subscription: "fragile-beside", event, attempts: 2 });
      expect(again?.id).not.toBe(deadLetter?.id);
      expect(await t.bus.deadLetters.get(deadLetter?.id ?? "")).toBeUndefined();
      expect((await t.bus.history.query({ correlationId: t.flow })).events).toEqual([event]);
    },
  },
  {
    title: "redriven twice at once it runs once",
    run: async (t) => {
      await t.consume("fragile");
      await t.publish("custom.contract.fragile", { script: { "*": [{ do: "fail" }] } });
      const [deadLetter] = await deadLettersOf(t);
      const id = deadLetter?.id ?? "";
      const other = t.has("multi-process") ? await t.connect() : t.bus;
      const reports = await Promise.all([t.bus, other, t.bus, other].map((bus) => bus.deadLetters.redrive(id)));
      expect(reports.flatMap(({ done }) => done)).toContain(id);
      const again = await deadLettersOf(t);
      const runs = await t.reports({ phase: "started", redriven: true });
      expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(again).toMatchObject([{ attempts: 2 }]);
      expect(again[0]?.id).not.toBe(id);
    },
  },
  {
    title: "what maxBacklog refused is delivered once redriven, however full the queue is then",
    needs: ["backpressure"],
    run: async (t) => {
      const subscriber = await t.consume("small-backlog");
      await t.consume("beside-small-backlog");
      subscriber.pause();
      const events = [];
      for (let n = 0; n < 5; n += 1) events.push(await t.publish("custom.contract.small_backlog", { data: { n } }));
      const flow = { correlationId: t.flow };
      await t.eventually("two are refused", async () => (await t.bus.deadLetters.list(flow)).deadLetters.length === 2);
      expect((await t.bus.deadLetters.redrive(flow)).failed).toEqual([]);
      expect((await t.bus.deadLetters.list(flow)).deadLetters).toEqual([]);
      subscriber.resume();
      const handled = (await t.quiet({ phase: "done", subscription: "small-backlog" })).map(({ eventId }) => eventId);
      expect(handled.toSorted()).toEqual(events.map(({ id }) => id).toSorted());
      expect((await t.bus.deadLetters.list(flow)).deadLetters).toEqual([]);
    },
  },
  {
    title: "redriven once it is fixed it succeeds, and the flow has completed",
    needs: ["local-consumers"],
    run: async (t) => {
      let fixed = false;
      const handled: string[] = [];
      await t.consumeWith("fragile", (event) => {
        if (!fixed) throw new Error("the file is broken");
        handled.push(event.id);
      });
      const event = await t.publish("custom.contract.fragile");
      const [deadLetter] = await deadLettersOf(t);
      expect((await t.bus.history.flow(t.flow)).status).toBe("failed");
      fixed = true;
      await t.bus.deadLetters.redrive(deadLetter?.id ?? "");
      expect(await deadLettersOf(t)).toEqual([]);
      expect(handled).toEqual([event.id]);
      expect((await t.bus.history.flow(t.flow)).status).toBe("completed");
    },
  },
  {
    title: "redrive and discard: one, many, all that match; what is not there is told, and harms no other",
    run: async (t) => {
      const { deadLetters } = await broken(t, 5);
      const [a = "", b = "", c = "", d = "", e = ""] = deadLetters.map(({ id }) => id);
      expect(await t.bus.deadLetters.discard(a)).toEqual({ done: [a], failed: [] });
      const report = await t.bus.deadLetters.discard([b, "no-such-dead-letter", a, c]);
      expect(report.done).toEqual([b, c]);
      expect(report.failed.map(({ id }) => id)).toEqual(["no-such-dead-letter", a]);
      expect(report.failed[0]?.message).toContain("no-such-dead-letter");
      expect((await deadLettersOf(t)).map(({ id }) => id)).toEqual([e, d]);
      expect(
        await t.bus.deadLetters.redrive({ correlationId: t.flow, eventId: deadLetters[3]?.event.id ?? "" }),
      ).toEqual({
        done: [d],
        failed: [],
      });
      const after = await deadLettersOf(t);
      expect(after.map(({ event }) => event.id)).toEqual([deadLetters[3]?.event.id, deadLetters[4]?.event.id]);
      const all = await t.bus.deadLetters.redrive({ correlationId: t.flow });
      expect(all.done.sort()).toEqual(after.map(({ id }) => id).sort());
      expect(await deadLettersOf(t)).toHaveLength(2);
      expect((await t.bus.deadLetters.discard({ correlationId: t.flow })).done).toHaveLength(2);
      expect(await deadLettersOf(t)).toEqual([]);
      const gone = await t.bus.deadLetters.redrive([a]);
      expect(gone).toMatchObject({ done: [], failed: [{ id: a, message: expect.stringContaining(a) }] });
    },
  },
  {
    title: "they keep their own copy of the event, also of what history does not keep",
    run: async (t) => {
      await t.consume("unrecorded");
      const metadata = { correlationId: t.flow, projectId: "contract-unrecorded" };
      const script = { "*": [{ do: "fail" as const }] };
      const event = await t.bus.publish(llmTextDelta, { content: "Once", ...{ script } }, { metadata });
      await t.eventually("its dead letter", async () => {
        const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
        return deadLetters.length === 1;
      });
      const [deadLetter] = (await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters;
      expect(deadLetter?.event).toEqual(event);
      expect(await t.bus.deadLetters.redrive({ correlationId: t.flow })).toMatchObject({ failed: [] });
      await t.reported({ phase: "failed", redriven: true });
    },
  },
  {
    title: "one whose subscription was deleted cannot be redriven, and stays until it can",
    needs: ["runtime-subscriptions"],
    run: async (t) => {
      const name = t.name("deleted");
      const on = "custom.contract.fixable";
      const first = await t.bus.subscribe({ name, on, attempts: 1 }, () => {
        throw new Error("no");
      });
      const event = await t.publish(on);
      const [deadLetter] = await deadLettersOf(t);
      await first.close();
      await t.bus.subscriptions.delete(name);
      const id = deadLetter?.id ?? "";
      expect(await t.bus.deadLetters.redrive(id)).toMatchObject({
        done: [],
        failed: [{ id, message: expect.stringContaining(name) }],
      });
      expect(await t.bus.deadLetters.get(id)).toEqual(deadLetter);
      const handled: string[] = [];
      await t.bus.subscribe({ name, on }, ({ id: eventId }) => handled.push(eventId));
      expect(await t.bus.deadLetters.redrive(id)).toEqual({ done: [id], failed: [] });
      await t.quiet();
      expect(handled).toEqual([event.id]);
    },
  },
];
