import { expect } from "vitest";
import type { Event } from "../../../event/event.ts";
import type { ContractCase } from "../case.ts";
import { mostAtOnce } from "../most-at-once.ts";

const needs = ["multi-process"] as const;
const handled = "custom.contract.handled";

const ids = (events: readonly Event[]) => events.map(({ id }) => id);

export const processCases: readonly ContractCase[] = [
  {
    title: "what one bus publishes another delivers, finds, waits for, tails and sees settled",
    needs,
    run: async (t) => {
      const other = await t.connect();
      await t.consume("handled", other);
      const wanted = { on: handled, where: { metadata: { correlationId: [t.flow] } } };
      const tailed: Event[] = [];
      const tail = (async () => {
        for await (const event of other.history.tail({ correlationId: t.flow })) {
          tailed.push(event);
          if (tailed.length === 2) break;
        }
      })();
      const waiting = other.waitFor({ count: 2, of: [wanted] });
      const first = await t.publishInTurn(handled, { script: { "*": [{ do: "fail", upTo: 1 }] } });
      const second = await t.publishInTurn(handled);
      expect(await other.history.get(first.id)).toEqual(first);
      expect(ids(await waiting)).toEqual([first.id, second.id]);
      await tail;
      expect(tailed).toEqual([first, second]);
      await t.quiet();
      const flow = await t.bus.history.flow(t.flow);
      expect(flow).toMatchObject({ status: "completed", size: 2 });
      expect(await t.reports({ phase: "done" })).toHaveLength(2);
      await t.eventually("both see the same backlog", async () => {
        const [one, two] = await Promise.all([t.bus.metrics(), other.metrics()]);
        return one.backlog === two.backlog;
      });
    },
  },
  {
    title: "consumers of one name share its work: each event once, concurrency held by all together",
    needs: [...needs, "shared-concurrency", "parallel-runs"],
    run: async (t) => {
      const other = await t.connect();
      await t.consume("two-at-once");
      await t.consume("two-at-once", other);
      const gate = t.gate();
      const type = "custom.contract.two_at_once";
      for (let n = 0; n < 6; n += 1) await t.publish(type, { script: { "*": [{ do: "wait", gate }] } });
      await t.reported({ phase: "started" }, 2);
      expect(await other.subscriptions.get("two-at-once")).toMatchObject({ running: 2, waiting: 4 });
      expect(await t.reports({ phase: "started" })).toHaveLength(2);
      await t.open(gate);
      const reports = (await t.quiet()).filter(({ subscription }) => subscription === "two-at-once");
      expect(new Set(reports.filter(({ phase }) => phase === "done").map(({ eventId }) => eventId)).size).toBe(6);
      expect(reports).toHaveLength(12);
      expect(mostAtOnce(reports)).toBe(2);
    },
  },
  {
    title: "order within a key holds over several consumers",
    needs: [...needs, "ordered-backlog"],
    run: async (t) => {
      const other = await t.connect();
      await t.consume("in-order");
      await t.consume("in-order", other);
      const type = "custom.contract.in_order";
      const events: Event[] = [];
      for (let n = 0; n < 20; n += 1) {
        const script = n % 5 === 0 ? { "*": [{ do: "fail" as const, upTo: 1 }] } : {};
        events.push(await t.publishInTurn(type, { data: { key: "one" }, script }, n % 2 === 0 ? t.bus : other));
      }
      const reports = await t.quiet();
      expect(mostAtOnce(reports)).toBe(1);
      expect(reports.filter(({ phase }) => phase === "done").map(({ eventId }) => eventId)).toEqual(ids(events));
    },
  },
  {
    title: "an id is one event for all, also when several publish it at once",
    needs: [...needs, "known-ids"],
    run: async (t) => {
      const other = await t.connect();
      const id = `order-${t.flow}`;
      const both = await Promise.all(
        Array.from({ length: 10 }, (_, n) => t.publish(handled, { id, data: { n: 1 } }, n % 2 === 0 ? t.bus : other)),
      );
      for (const event of both) expect(event).toEqual(both[0]);
      await expect(t.publish(handled, { id, data: { n: 2 } }, other)).rejects.toMatchObject({ code: "conflict" });
      expect((await t.bus.history.query({ correlationId: t.flow })).events).toHaveLength(1);
      const counts = await Promise.all([t.bus.metrics(), other.metrics()]);
      expect(counts.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(9);
      expect(counts.reduce((sum, { published }) => sum + published, 0)).toBe(1);
    },
  },
  {
    title: "settings changed by one count for the consumer of another, and so does deleting",
    needs: [...needs, "runtime-subscriptions"],
    run: async (t) => {
      const other = await t.connect();
      const name = t.name("changed");
      const on = "custom.contract.changed";
      const attempts: number[] = [];
      const fail = (_: unknown, { attempt }: { attempt: number }) => {
        attempts.push(attempt);
        throw new Error("no");
      };
      await t.bus.subscribe({ name, on, attempts: 1, backoff: { from: 1, to: 2 } }, fail);
      const changing = await other.subscribe({ name, on, attempts: 3, backoff: { from: 1, to: 2 } }, fail);
      await changing.close();
      await t.eventually("the change is seen", async () => {
        attempts.length = 0;
        await t.publish(on);
        await t.quiet();
        return attempts.join() === "1,2,3";
      });
      expect(await other.subscriptions.delete(name)).toBe(true);
      expect(await t.bus.subscriptions.get(name)).toBeUndefined();
      attempts.length = 0;
      await t.publish(on, {}, other);
      await t.quiet();
      expect(attempts).toEqual([]);
      await t.bus.deadLetters.discard({ correlationId: t.flow });
    },
  },
  {
    title: "an unnamed subscription ends with its bus, for all",
    needs: [...needs, "visible-unnamed"],
    run: async (t) => {
      const other = await t.connect();
      const { name } = await other.subscribe({ on: "custom.contract.unnamed" }, () => {});
      expect(await t.bus.subscriptions.get(name)).toMatchObject({ ephemeral: true });
      await other.close();
      expect(await t.bus.subscriptions.get(name)).toBeUndefined();
    },
  },
  {
    title: "replay and redrive by one are run by the consumer of another",
    needs,
    run: async (t) => {
      const other = await t.connect();
      await t.consume("fragile", other);
      const event = await t.publish("custom.contract.fragile", { script: { "*": [{ do: "fail" }] } });
      await t.quiet();
      expect((await t.bus.deadLetters.redrive({ correlationId: t.flow })).done).toHaveLength(1);
      await t.quiet();
      const report = await t.bus.replay({ ids: [event.id] }, { to: "fragile" });
      expect(report.deliveries).toEqual({ fragile: 1 });
      const runs = await t.quiet({ phase: "started" });
      expect(runs.map(({ redriven, event: run }) => [redriven, run?.metadata.replay?.id])).toEqual([
        [false, undefined],
        [false, undefined],
        [true, undefined],
        [true, undefined],
        [false, report.id],
        [false, report.id],
      ]);
    },
  },
];
