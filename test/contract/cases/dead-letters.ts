import { expect } from "vitest";
import { llmTextDelta } from "../../../lib/catalog/llm.ts";
import type { DeadLetter } from "../../../lib/engine/delivery.ts";
import type { Event } from "../../../lib/event/event.ts";
import type { ContractCase, Trial } from "../case.ts";

const type = "custom.contract.fragile_beside";

/** The dead letters of the flow once all is quiet, newest first. */
async function lettersOf(t: Trial): Promise<DeadLetter[]> {
  await t.quiet();
  return (await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters;
}

/** Events that "fragile-beside" fails while a gate is shut; the other subscription handles them. */
async function broken(t: Trial, count: number): Promise<{ events: Event[]; letters: DeadLetter[] }> {
  await t.consume("fragile-beside");
  await t.consume("never-broken");
  const events = [];
  for (let n = 0; n < count; n += 1) {
    events.push(
      await t.publish(type, { data: { n }, script: { "fragile-beside": [{ do: "fail", message: `broken ${n}` }] } }),
    );
    await t.quiet();
  }
  return { events, letters: (await lettersOf(t)).reverse() };
}

export const deadLetterCases: readonly ContractCase[] = [
  {
    title: "list by subscription, type, flow, event, code and time; newest first, in pages; get",
    run: async (t) => {
      const began = new Date();
      const { events, letters } = await broken(t, 5);
      const idsOf = (list: readonly DeadLetter[]) => list.map(({ id }) => id);
      const flow = { correlationId: t.flow };
      const list = async (query: object) => idsOf((await t.bus.deadLetters.list({ ...flow, ...query })).deadLetters);
      const newestFirst = idsOf(letters).reverse();
      expect(letters.map(({ event }) => event)).toEqual(events);
      expect(await list({ subscription: "fragile-beside" })).toEqual(newestFirst);
      expect(await list({ subscription: "never-broken" })).toEqual([]);
      expect(await list({ type })).toEqual(newestFirst);
      expect(await list({ type: "custom.contract.fragile_b*" })).toEqual(newestFirst);
      expect(await list({ type: "custom.contract.other" })).toEqual([]);
      expect(await list({ eventId: events[2]?.id })).toEqual([letters[2]?.id]);
      expect(await list({ code: "handler_error" })).toEqual(newestFirst);
      expect(await list({ code: "timeout" })).toEqual([]);
      expect(await list({ since: began })).toEqual(newestFirst);
      expect(await list({ until: began })).toEqual([]);
      const first = await t.bus.deadLetters.list({ ...flow, limit: 2 });
      const second = await t.bus.deadLetters.list({ ...flow, limit: 2, cursor: first.cursor ?? "" });
      const third = await t.bus.deadLetters.list({ ...flow, limit: 2, cursor: second.cursor ?? "" });
      expect([first, second, third].flatMap((page) => idsOf(page.deadLetters))).toEqual(newestFirst);
      expect(third.cursor).toBeUndefined();
      for (const letter of letters) expect(await t.bus.deadLetters.get(letter.id)).toEqual(letter);
      expect(await t.bus.deadLetters.get("no-such-letter")).toBeUndefined();
      await t.bus.deadLetters.discard(flow);
    },
  },
  {
    title: "redrive goes to the subscription that failed and to no other, attempts anew, and says so",
    run: async (t) => {
      await t.consume("fragile-beside");
      await t.consume("never-broken");
      const gate = t.gate();
      const event = await t.publish(type, { script: { "fragile-beside": [{ do: "fail" }] } });
      const [letter] = await lettersOf(t);
      const report = await t.bus.deadLetters.redrive(letter?.id ?? "");
      expect(report).toEqual({ done: [letter?.id], failed: [] });
      const [again] = await lettersOf(t);
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
      expect(again?.id).not.toBe(letter?.id);
      expect(await t.bus.deadLetters.get(letter?.id ?? "")).toBeUndefined();
      expect((await t.bus.history.query({ correlationId: t.flow })).events).toEqual([event]);
      await t.open(gate);
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
      const [letter] = await lettersOf(t);
      expect((await t.bus.history.flow(t.flow)).status).toBe("failed");
      fixed = true;
      await t.bus.deadLetters.redrive(letter?.id ?? "");
      expect(await lettersOf(t)).toEqual([]);
      expect(handled).toEqual([event.id]);
      expect((await t.bus.history.flow(t.flow)).status).toBe("completed");
    },
  },
  {
    title: "redrive and discard: one, many, all that match; what is not there is told, and harms no other",
    run: async (t) => {
      const { letters } = await broken(t, 5);
      const [a = "", b = "", c = "", d = "", e = ""] = letters.map(({ id }) => id);
      expect(await t.bus.deadLetters.discard(a)).toEqual({ done: [a], failed: [] });
      const report = await t.bus.deadLetters.discard([b, "no-such-letter", a, c]);
      expect(report.done).toEqual([b, c]);
      expect(report.failed.map(({ id }) => id)).toEqual(["no-such-letter", a]);
      expect(report.failed[0]?.message).toContain("no-such-letter");
      expect((await lettersOf(t)).map(({ id }) => id)).toEqual([e, d]);
      expect(await t.bus.deadLetters.redrive({ correlationId: t.flow, eventId: letters[3]?.event.id ?? "" })).toEqual({
        done: [d],
        failed: [],
      });
      const after = await lettersOf(t);
      expect(after.map(({ event }) => event.id)).toEqual([letters[3]?.event.id, letters[4]?.event.id]);
      const all = await t.bus.deadLetters.redrive({ correlationId: t.flow });
      expect(all.done.sort()).toEqual(after.map(({ id }) => id).sort());
      expect(await lettersOf(t)).toHaveLength(2);
      expect((await t.bus.deadLetters.discard({ correlationId: t.flow })).done).toHaveLength(2);
      expect(await lettersOf(t)).toEqual([]);
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
      const [letter] = (await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters;
      expect(letter?.event).toEqual(event);
      expect(await t.bus.deadLetters.redrive({ correlationId: t.flow })).toMatchObject({ failed: [] });
      await t.reported({ phase: "failed", redriven: true });
    },
  },
  {
    title: "one whose subscription was deleted cannot be redriven, and stays until it can",
    needs: ["runtime-subscriptions"],
    run: async (t) => {
      const name = t.name("deleted");
      const on = "custom.contract.mendable";
      const first = await t.bus.subscribe({ name, on, attempts: 1 }, () => {
        throw new Error("no");
      });
      const event = await t.publish(on);
      const [letter] = await lettersOf(t);
      await first.close();
      await t.bus.subscriptions.delete(name);
      const id = letter?.id ?? "";
      expect(await t.bus.deadLetters.redrive(id)).toMatchObject({
        done: [],
        failed: [{ id, message: expect.stringContaining(name) }],
      });
      expect(await t.bus.deadLetters.get(id)).toEqual(letter);
      const handled: string[] = [];
      await t.bus.subscribe({ name, on }, ({ id: eventId }) => handled.push(eventId));
      expect(await t.bus.deadLetters.redrive(id)).toEqual({ done: [id], failed: [] });
      await t.quiet();
      expect(handled).toEqual([event.id]);
    },
  },
];
