import { expect } from "vitest";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";

/** Text that must be found nowhere afterwards. */
const secret = "4111 1111 1111 1111";

/** A user whom only this case has. */
const userOf = ({ flow }: CaseContext) => `user-${flow}`;

export const erasingCases: readonly ContractCase[] = [
  {
    title: "a user's events become tombstones: no data, the same ids, causes and counts, with a proof",
    needs: ["erase"],
    run: async (t) => {
      const userId = userOf(t);
      const other = await t.publish("custom.contract.effect", { data: { card: secret } });
      const metadata = { userId, tags: ["kept"] };
      const first = await t.publish("custom.contract.effect", { data: { card: secret }, metadata });
      const second = await t.publish("custom.contract.effect", {
        data: { n: 2 },
        metadata: { userId, causationId: first.id },
      });
      await t.recorded([other, first, second]);
      const counted = await t.bus.erase({ userId }, { dryRun: true });
      expect(counted).toMatchObject({ events: 2, deadLetters: 0 });
      expect(counted).not.toHaveProperty("event");
      expect((await t.bus.history.get(first.id))?.data).toEqual({ card: secret });
      const report = await t.bus.erase({ userId }, { reason: "request 7" });
      expect(report).toMatchObject({ events: 2, deadLetters: 0, digestBefore: counted.digestBefore });
      expect(report.digestAfter).not.toBe(report.digestBefore);
      const { at } = report;
      for (const event of [first, second]) {
        const left = { ...event, data: {}, metadata: { ...event.metadata, erased: { at } } };
        expect(await t.bus.history.get(event.id)).toEqual(left);
      }
      expect((await t.bus.history.get(other.id))?.data).toEqual({ card: secret });
      const { events } = await t.bus.history.query({ userId });
      expect(events.map(({ id }) => id)).toEqual([second.id, first.id]);
      const flow = await t.bus.history.flow(t.flow);
      expect(flow.size).toBe(3);
      expect(flow.roots.find(({ event }) => event.id === first.id)?.children).toMatchObject([
        { event: { id: second.id } },
      ]);
      const proof = await t.eventually("the proof is recorded", () => t.bus.history.get(report.event?.id ?? ""));
      const { digestAfter, digestBefore } = report;
      expect(proof).toMatchObject({
        type: "system.data.erased",
        data: { userId, events: 2, deadLetters: 0, digestAfter, digestBefore, at, reason: "request 7" },
      });
      // What is erased is erased: nothing is left to count.
      expect(await t.bus.erase({ userId }, { dryRun: true })).toMatchObject({ events: 0, deadLetters: 0 });
    },
  },
  {
    title: "what was not delivered yet is dropped, a retry and a replay included, and its key goes on",
    needs: ["erase", "settled"],
    run: async (t) => {
      const userId = userOf(t);
      const gate = t.gate();
      const type = "custom.contract.in_order";
      await t.consume("in-order");
      const running = await t.publishInTurn(type, {
        data: { key: "k" },
        script: { "*": [{ do: "wait", gate }] },
      });
      await t.reported({ phase: "started", eventId: running.id });
      const waits = await t.publishInTurn(type, { data: { key: "k", card: secret }, metadata: { userId } });
      const after = await t.publishInTurn(type, { data: { key: "k" } });
      expect(await t.bus.erase({ ids: [waits.id] })).toMatchObject({ events: 1 });
      await t.open(gate);
      await t.handled(after, "in-order");
      await t.quiet();
      expect(await t.reports({ eventId: waits.id })).toEqual([]);
      await t.bus.replay({ ids: [waits.id] }, { to: "in-order" });
      await t.quiet();
      expect(await t.reports({ eventId: waits.id })).toEqual([]);
    },
  },
  {
    title: "dead letters lose the data and what their errors said of it; their number stays",
    needs: ["erase", "settled"],
    run: async (t) => {
      const userId = userOf(t);
      await t.consume("flow-start");
      const script = { "*": [{ do: "fail-for-good" as const, message: `no such card: ${secret}` }] };
      const event = await t.publish("custom.contract.flow_start", { script, metadata: { userId } });
      await t.quiet();
      await t.recorded([event]);
      expect(await t.bus.erase({ userId })).toMatchObject({ events: 1, deadLetters: 1 });
      const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(deadLetters).toMatchObject([{ event: { id: event.id, data: {} }, reason: { code: "non_retriable" } }]);
      expect(JSON.stringify(deadLetters)).not.toContain(secret);
      await t.bus.deadLetters.redrive(deadLetters.map(({ id }) => id));
      await t.quiet();
      expect(await t.reports({ phase: "started" })).toHaveLength(1);
    },
  },
  {
    title: "a whole flow is erased; a selection that names none of them, or several, is refused",
    needs: ["erase", "settled"],
    run: async (t) => {
      const event = await t.publish("custom.contract.effect", { data: { card: secret } });
      await t.recorded([event]);
      expect(await t.bus.erase({ correlationId: t.flow })).toMatchObject({ events: 1 });
      expect((await t.bus.history.get(event.id))?.data).toEqual({});
      for (const selection of [{}, { userId: "a", ids: ["b"] }, { userId: "" }, { users: "a" }]) {
        await expect(Reflect.apply(t.bus.erase, t.bus, [selection])).rejects.toMatchObject({ code: "invalid_config" });
      }
    },
  },
];
