import { expect } from "vitest";
import type { Event } from "../../../event/event.ts";
import type { ContractCase } from "../case.ts";

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

export const flowCases: readonly ContractCase[] = [
  {
    title: "it is known how fast deliveries ended lately, and how long they took",
    needs: ["rates", "settled"],
    run: async (t) => {
      await t.consume("three-attempts");
      const type = "custom.contract.three_attempts";
      await t.publish(type, { script: { "*": [{ do: "fail" }] } });
      await t.publish(type, { script: { "*": [{ do: "fail", upTo: 1 }] } });
      await t.publish(type);
      await t.quiet();
      // Other cases of the suite may have used the same subscription: the connection is new, the store is not.
      const { overMs, subscriptions } = (await t.bus.subscriptions.rates()) ?? {};
      const rates = subscriptions?.get("three-attempts");
      expect(overMs).toBe(300_000);
      expect(rates?.handledPerMinute).toBeGreaterThanOrEqual(2 / 5);
      expect(rates?.failedPerMinute).toBeGreaterThanOrEqual(4 / 5);
      expect(rates?.deadPerMinute).toBeGreaterThanOrEqual(1 / 5);
      expect(rates?.runMs).toEqual({ p50: expect.any(Number), p95: expect.any(Number) });
      expect(rates?.waitMs?.p95).toBeGreaterThanOrEqual(rates?.waitMs?.p50 ?? Number.POSITIVE_INFINITY);
    },
  },
  {
    title: "what a handler publishes carries correlation, cause and trace, through whatever it awaits",
    run: async (t) => {
      const published: Event[] = [];
      const deep = async (publish: () => Promise<Event>) => {
        await new Promise((resolve) => setImmediate(resolve));
        await Promise.all([
          Promise.resolve().then(publish),
          new Promise<void>((resolve, reject) => setTimeout(() => void publish().then(() => resolve(), reject), 1)),
        ]);
      };
      await t.bus.subscribe({ on: "custom.contract.cause" }, async () => {
        // By the bus of the outer code, not by the context's.
        await deep(async () => {
          const event = await t.bus.publish({ type: "custom.contract.effect", data: {} });
          published.push(event);
          return event;
        });
      });
      const cause = await t.publish("custom.contract.cause", { metadata: { traceparent, tracestate: "vendor=value" } });
      await t.quiet();
      expect(published).toHaveLength(2);
      for (const { metadata } of published) {
        expect(metadata).toMatchObject({ correlationId: t.flow, causationId: cause.id, tracestate: "vendor=value" });
        expect(metadata.traceparent).toContain("0af7651916cd43dd8448eb211c80319c");
      }
    },
  },
  {
    title: "an event says how many caused each other in a row before it, and a row without end is refused",
    run: async (t) => {
      await t.consume("handled");
      const step = { do: "publish" as const, type: "custom.contract.effect" as const };
      const script = { "*": [step] };
      const start = await t.publish("custom.contract.handled", { script });
      const deep = await t.publish("custom.contract.handled", { script, metadata: { hops: 998 } });
      const tooDeep = await t.publish("custom.contract.handled", { script, metadata: { hops: 1_000 } });
      expect(start.metadata).not.toHaveProperty("hops");
      const published = await t.quiet({ phase: "published" });
      const hopsAfter = ({ id }: Event) => published.find(({ eventId }) => eventId === id)?.event?.metadata.hops;
      expect([start, deep, tooDeep].map(hopsAfter)).toEqual([1, 999, undefined]);
      const refused = await t.reports({ phase: "refused" });
      expect(refused).toMatchObject([{ eventId: tooDeep.id, note: "loop_detected" }]);
      const told = await t.eventually("the flow is told", async () => {
        const page = await t.bus.history.query({ correlationId: t.flow, type: "system.loop.detected" });
        return page.events.length > 0 && page.events;
      });
      expect(told).toMatchObject([{ data: { hops: 1_001, type: step.type }, metadata: { causationId: tooDeep.id } }]);
      const recorded = await t.eventually("the deep one is recorded", () => t.bus.history.get(deep.id));
      expect(recorded.metadata.hops).toBe(998);
    },
  },
  {
    title: "by any bus of the process: another bus, emit, publishAll and the context's own",
    run: async (t) => {
      const other = await t.connect();
      const published: Event[] = [];
      await t.bus.subscribe({ on: "custom.contract.cause" }, async (_, { bus }) => {
        published.push(await other.publish({ type: "custom.contract.effect", data: {} }));
        published.push(await bus.publish({ type: "custom.contract.effect", data: {} }));
        published.push(await other.emit.task.created({ taskId: "t-1" }));
        for (const result of await other.publishAll([{ type: "custom.contract.effect", data: {} }])) {
          if (result.ok) published.push(result.event);
        }
      });
      const cause = await t.publish("custom.contract.cause");
      await t.quiet();
      expect(published).toHaveLength(4);
      for (const { metadata } of published) {
        expect(metadata).toMatchObject({ correlationId: t.flow, causationId: cause.id });
      }
      const outside = await t.bus.publish({ type: "custom.contract.effect", data: {} });
      expect(outside.metadata).toEqual({ version: 1, correlationId: outside.id, priority: 5 });
    },
  },
  {
    title: "handlers that run at once do not mix their causes",
    run: async (t) => {
      const gate = t.gate();
      await t.consume("handled");
      const script = {
        "*": [
          { do: "wait" as const, gate },
          { do: "publish" as const, type: "custom.contract.effect" as const },
        ],
      };
      const causes = await Promise.all(
        Array.from({ length: 5 }, () => t.publish("custom.contract.handled", { script })),
      );
      await t.reported({ phase: "started" }, 5);
      await t.open(gate);
      for (const { eventId, event } of await t.quiet({ phase: "published" })) {
        expect(event?.metadata.causationId).toBe(eventId);
      }
      const events = await t.eventually("all are recorded", async () => {
        const page = await t.bus.history.query({ correlationId: t.flow, type: "custom.contract.effect" });
        return page.events.length === causes.length && page.events;
      });
      expect(events.map(({ metadata }) => metadata.causationId).sort()).toEqual(causes.map(({ id }) => id).sort());
    },
  },
  {
    title: "what a publish in a handler says of its flow wins",
    run: async (t) => {
      const published: Event[] = [];
      await t.bus.subscribe({ on: "custom.contract.cause" }, async (_, { bus }) => {
        const metadata = { correlationId: "another-flow", causationId: "another-cause" };
        published.push(await bus.publish({ type: "custom.contract.effect", data: {}, metadata }));
      });
      await t.publish("custom.contract.cause");
      await t.quiet();
      expect(published[0]?.metadata).toMatchObject({ correlationId: "another-flow", causationId: "another-cause" });
    },
  },
  {
    title: "history.flow gives the tree by causation, status, size and duration",
    run: async (t) => {
      await t.consume("flow-start");
      await t.consume("flow-next");
      const gate = t.gate();
      const start = await t.publish("custom.contract.flow_start", {
        time: "2026-01-01T00:00:00.000Z",
        script: {
          "*": [
            {
              do: "publish",
              type: "custom.contract.flow_next",
              data: {
                script: {
                  "*": [
                    { do: "publish", type: "custom.contract.flow_leaf" },
                    { do: "wait", gate },
                  ],
                },
              },
            },
            { do: "publish", type: "custom.contract.flow_leaf" },
          ],
        },
      });
      await t.reported({ phase: "done", subscription: "flow-start" });
      await t.reported({ phase: "published" }, 3);
      if (t.has("settled")) {
        const running = await t.eventually("only the second handler runs", async () => {
          const flow = await t.bus.history.flow(t.flow);
          return flow.pending.length === 1 && flow;
        });
        expect(running.status).toBe("running");
        expect(running.pending).toMatchObject([{ subscription: "flow-next", state: "running", attempts: 1 }]);
      }
      await t.open(gate);
      await t.quiet();
      await t.eventually("all are recorded", async () => (await t.bus.history.flow(t.flow)).size === 4);

      const flow = await t.bus.history.flow(t.flow);
      const leaf = (causationId: string | undefined) => ({
        event: { type: "custom.contract.flow_leaf", metadata: { causationId } },
        children: [],
      });
      const next = flow.roots[0]?.children.find(({ event }) => event.type === "custom.contract.flow_next");
      expect(flow).toMatchObject({
        id: t.flow,
        status: "completed",
        size: 4,
        roots: [{ event: start }],
        startedAt: start.time,
        pending: [],
        deadLetters: [],
      });
      expect(flow.roots[0]?.children).toHaveLength(2);
      expect(flow.roots[0]?.children).toContainEqual(expect.objectContaining(matching(leaf(start.id))));
      expect(next?.children).toMatchObject([leaf(next?.event.id)]);
      expect(flow.durationMs).toBe(Date.parse(flow.lastAt) - Date.parse(flow.startedAt));
      expect(flow.durationMs).toBeGreaterThan(0);
    },
  },
  {
    title: "history.flow says of each delivery how it ended: attempts, failures, how long it took",
    needs: ["outcomes"],
    run: async (t) => {
      await t.consume("flow-start");
      await t.consume("flow-next");
      const type = "custom.contract.flow_start";
      const message = "HTTP 429";
      const since = Date.now();
      const retried = await t.publish(type, { script: { "*": [{ do: "fail", message, upTo: 2 }] } });
      const dead = await t.publish(type, { script: { "*": [{ do: "fail", message }] } });
      const forTwo = await t.publish("custom.contract.flow_next");
      const forNobody = await t.publish("custom.contract.flow_leaf");
      await t.quiet();
      await t.recorded([retried, dead, forTwo, forNobody]);
      const { roots, deadLetters } = await t.bus.history.flow(t.flow);
      const ended = new Map(roots.map(({ event, deliveries }) => [event.id, deliveries]));
      const failures = (count: number) => [{ code: "handler_error", message, count }];
      const done = { subscription: "flow-start", eventId: retried.id, outcome: "done", attempts: 3 };
      expect(ended.get(retried.id)).toMatchObject([{ ...done, failures: failures(2) }]);
      expect(ended.get(retried.id)?.[0]).not.toHaveProperty("replayId");
      expect(ended.get(dead.id)).toMatchObject([{ outcome: "dead", attempts: 3, failures: failures(3) }]);
      expect(ended.get(forTwo.id)).toMatchObject([{ subscription: "flow-next", outcome: "done", attempts: 1 }]);
      expect(ended.get(forNobody.id)).toEqual([]);
      for (const { endedAt, outcome, ranMs, totalMs } of [...ended.values()].flatMap((list) => list ?? [])) {
        expect(Date.parse(endedAt)).toBeGreaterThanOrEqual(since);
        expect(Date.parse(endedAt)).toBeLessThanOrEqual(Date.now() + t.ms(50));
        expect(ranMs, outcome).toBeGreaterThanOrEqual(0);
        expect(totalMs, outcome).toBeGreaterThanOrEqual(0);
      }
      // What became of the dead letter does not change how the delivery ended.
      await t.bus.deadLetters.discard(deadLetters.map(({ id }) => id));
      const after = await t.bus.history.flow(t.flow);
      expect(after.roots.find(({ event }) => event.id === dead.id)?.deliveries).toEqual(ended.get(dead.id));
    },
  },
  {
    title: "history.flow says it of replays too, and of what was dropped since it had expired",
    needs: ["outcomes", "all-outcomes"],
    run: async (t) => {
      await t.consume("flow-start");
      const type = "custom.contract.flow_start";
      const expiresAt = new Date(Date.now() - 1_000).toISOString();
      const handled = await t.publish(type);
      const expired = await t.publish(type, { metadata: { expiresAt } });
      await t.quiet();
      await t.bus.replay({ ids: [handled.id] }, { to: "flow-start" });
      await t.quiet();
      await t.recorded([handled, expired]);
      const { roots } = await t.bus.history.flow(t.flow);
      const ended = new Map(roots.map(({ event, deliveries }) => [event.id, deliveries]));
      const done = { subscription: "flow-start", eventId: handled.id, outcome: "done", attempts: 1, failures: [] };
      expect(ended.get(handled.id)).toMatchObject([done, { ...done, replayId: expect.any(String) }]);
      expect(ended.get(handled.id)?.[0]).not.toHaveProperty("replayId");
      expect(ended.get(expired.id)).toMatchObject([{ outcome: "dropped", failures: [] }]);
      expect(ended.get(expired.id)?.[0]).not.toHaveProperty("ranMs");
    },
  },
  {
    title: "a flow with a dead letter has failed; an event's own id finds its flow; one that is not is not found",
    run: async (t) => {
      await t.consume("flow-start");
      const event = await t.publish("custom.contract.flow_start", { script: { "*": [{ do: "fail-for-good" }] } });
      const orphan = await t.publish("custom.contract.flow_leaf", { metadata: { causationId: "from-elsewhere" } });
      await t.quiet();
      const flow = await t.bus.history.flow(event.id);
      expect(flow).toMatchObject({
        id: t.flow,
        status: "failed",
        size: 2,
        deadLetters: [{ subscription: "flow-start" }],
      });
      expect(flow.roots.map((root) => root.event.id)).toEqual([event.id, orphan.id]);
      await expect(t.bus.history.flow("no-such-flow")).rejects.toMatchObject({ code: "not_found" });
    },
  },
];

/** A deep partial match, for use inside other matchers. */
function matching(value: { event: object; children: unknown[] }) {
  return { event: expect.objectContaining({ type: "custom.contract.flow_leaf" }), children: value.children };
}
