import { expect } from "vitest";
import { llmTextDelta } from "../../../catalog/llm.ts";
import { taskCompleted } from "../../../catalog/task.ts";
import type { ContractCase } from "../case.ts";
import type { CaseContext } from "../context.ts";
import type { Report } from "../recorder.ts";
import type { SubscriptionName } from "../subscriptions.ts";

/** Which subscriptions ran an event, sorted. */
function ranBy(reports: readonly Report[], eventId: string): string[] {
  const runs = reports.filter((report) => report.phase === "started" && report.eventId === eventId);
  return runs.map((report) => report.subscription).sort();
}

async function consumeAll(t: CaseContext, ...names: SubscriptionName[]): Promise<void> {
  for (const name of names) await t.consume(name);
}

export const routingCases: readonly ContractCase[] = [
  {
    title: "by type: an event goes to each subscription that matches, once, and to no other",
    run: async (t) => {
      await consumeAll(t, "exact-type", "type-prefix", "type-suffix", "type-middle", "every-type", "two-names-for-one");
      const anyType = { metadata: { projectId: "contract-every-type" } };
      const expected: [id: string, subscriptions: string[]][] = [];
      for (const [type, what, subscriptions] of [
        ["custom.contract.routing.alpha", {}, ["exact-type", "two-names-for-one", "type-prefix"]],
        ["custom.contract.routing.beta", anyType, ["every-type", "type-middle", "type-prefix"]],
        ["custom.contract.routing", {}, []],
        ["custom.contract.routings.alpha", {}, []],
        ["custom.contract.routing.x.contract_omega", {}, ["type-prefix", "type-suffix"]],
        ["custom.elsewhere.contract_omega", anyType, ["every-type", "type-suffix"]],
        ["custom.elsewhere.contract_omega.x", {}, []],
        ["custom.elsewhere.routing.deep.delta", {}, ["type-middle"]],
      ] as const) {
        const event = await t.publish(type, what);
        expected.push([event.id, [...subscriptions]]);
      }
      const reports = await t.quiet();
      expect(expected.map(([id]) => [id, ranBy(reports, id)])).toEqual(expected);
    },
  },
  {
    title: "by definition, and by type name where there is none",
    run: async (t) => {
      await t.consume("by-definition");
      const metadata = { correlationId: t.flow, projectId: "contract-by-definition" };
      const completed = await t.bus.publish(taskCompleted, { taskId: "t-1" }, { metadata });
      const started = await t.bus.emit.task.started({ taskId: "t-1" }, { metadata });
      const elsewhere = await t.bus.publish(taskCompleted, { taskId: "t-1" }, { metadata: { correlationId: t.flow } });
      const reports = await t.quiet();
      expect(ranBy(reports, completed.id)).toEqual(["by-definition"]);
      expect([...ranBy(reports, started.id), ...ranBy(reports, elsewhere.id)]).toEqual([]);
    },
  },
  {
    title: "by content: EventBridge patterns over data, metadata and source",
    run: async (t) => {
      await consumeAll(t, "by-content", "by-source");
      const type = "custom.contract.content";
      const urgent = { metadata: { priority: 3 } };
      const wanted = [
        await t.publish(type, { data: { kind: "document", score: 0.5 }, ...urgent }),
        await t.publish(type, { data: { kind: ["other", "page-7"], score: [0, 1] }, ...urgent }),
      ];
      const unwanted = [
        await t.publish(type, { data: { kind: "document", score: 0.49 }, ...urgent }),
        await t.publish(type, { data: { kind: "pages", score: 1 }, ...urgent }),
        await t.publish(type, { data: { kind: "document", score: "0.5" }, ...urgent }),
        await t.publish(type, { data: { kind: "document", score: 1 } }),
        await t.publish(type, { data: { score: 1 }, ...urgent }),
      ];
      const fromPlanner = await t.publish(type, { source: "planner" });
      const reports = await t.quiet();
      for (const event of wanted) expect(ranBy(reports, event.id)).toEqual(["by-content"]);
      for (const event of unwanted) expect(ranBy(reports, event.id), JSON.stringify(event.data)).toEqual([]);
      expect(ranBy(reports, fromPlanner.id)).toEqual(["by-source"]);
    },
  },
  {
    title: "a subscriber's filter ends what it does not want, without a run",
    run: async (t) => {
      const seen: unknown[] = [];
      const subscriber = await t.bus.subscribe({ on: "custom.contract.filtered" }, (event) => seen.push(event.data), {
        filter: (event) => event.metadata.agentId === "mine",
      });
      for (const agentId of ["mine", "theirs", "mine"]) {
        await t.publish("custom.contract.filtered", { data: { agentId }, metadata: { agentId } });
      }
      await t.quiet();
      expect(seen).toEqual([{ agentId: "mine" }, { agentId: "mine" }]);
      expect(await subscriber.info()).toMatchObject({ delivered: 2, failed: 0, backlog: 0 });
    },
  },
  {
    title: "a filter that throws fails the attempt",
    run: async (t) => {
      const filter = () => {
        throw new Error("no such field");
      };
      await t.bus.subscribe({ on: "custom.contract.filtered", attempts: 1 }, () => {}, { filter });
      const event = await t.publish("custom.contract.filtered");
      await t.quiet();
      const { deadLetters } = await t.bus.deadLetters.list({ correlationId: t.flow });
      expect(deadLetters).toMatchObject([{ event, reason: { code: "handler_error", message: "no such field" } }]);
    },
  },
  {
    title: "what has expired is counted and never delivered; history has it",
    run: async (t) => {
      const subscriber = await t.consume("handled");
      const type = "custom.contract.handled";
      const past = await t.publish(type, { metadata: { expiresAt: new Date(Date.now() - 1_000).toISOString() } });
      const later = await t.publish(type, { metadata: { expiresAt: new Date(Date.now() + 60_000).toISOString() } });
      const reports = await t.quiet({ phase: "started" });
      expect(reports.map((report) => report.eventId)).toEqual([later.id]);
      await t.counted({ expired: 1 });
      if (t.has("local-consumers")) expect((await subscriber.info()).expired).toBe(1);
      expect(await t.eventually("it is recorded", () => t.bus.history.get(past.id))).toEqual(past);
    },
  },
  {
    title: "what expires while it waits is not delivered either",
    needs: ["local-consumers"],
    run: async (t) => {
      const subscriber = await t.consume("handled");
      subscriber.pause();
      const expiresAt = Date.now() + t.ms(40);
      await t.publish("custom.contract.handled", { metadata: { expiresAt: new Date(expiresAt).toISOString() } });
      await t.eventually("its time is over", () => Date.now() > expiresAt);
      subscriber.resume();
      expect(await t.quiet({ phase: "started" })).toEqual([]);
      expect(await subscriber.info()).toMatchObject({ expired: 1, deadLettered: 0 });
      expect((await t.bus.deadLetters.list({ correlationId: t.flow })).deadLetters).toEqual([]);
    },
  },
  {
    title: "events that history does not keep are delivered all the same",
    run: async (t) => {
      await t.consume("unrecorded");
      const metadata = { correlationId: t.flow, projectId: "contract-unrecorded" };
      const delta = await t.bus.publish(llmTextDelta, { content: "Once" }, { metadata });
      await t.handled(delta, "unrecorded");
      const kept = await t.publish("custom.contract.handled");
      await t.eventually("the recorded one is recorded", () => t.bus.history.get(kept.id));
      expect(await t.bus.history.get(delta.id)).toBeUndefined();
      expect((await t.bus.history.query({ correlationId: t.flow })).events).toEqual([kept]);
    },
  },
];
