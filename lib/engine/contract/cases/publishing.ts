import { expect } from "vitest";
import { taskCompleted } from "../../../catalog/task.ts";
import { maxEventBytes } from "../../../event/size.ts";
import { rateLimit } from "../../../publish/rate-limit.ts";
import type { ContractCase } from "../case.ts";

const type = "custom.contract.handled";
const limited = "custom.contract.limited";

export const publishingCases: readonly ContractCase[] = [
  {
    title: "an event is filled in, given back frozen, and recorded as it was given back",
    run: async (t) => {
      const before = Date.now();
      const event = await t.bus.publish({ type, data: { taskId: "t-1", parts: [{ page: 1 }] } });
      expect(event.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(event).toEqual({
        id: event.id,
        type,
        source: "contract",
        time: expect.stringMatching(/Z$/),
        data: { taskId: "t-1", parts: [{ page: 1 }] },
        metadata: { version: 1, correlationId: event.id, priority: 5 },
      });
      expect(Date.parse(event.time)).toBeGreaterThanOrEqual(before - 1);
      expect(Date.parse(event.time)).toBeLessThanOrEqual(Date.now() + 1);
      expect(Object.isFrozen(event) && Object.isFrozen(event.data) && Object.isFrozen(event.metadata)).toBe(true);
      expect(await t.eventually("it is recorded", () => t.bus.history.get(event.id))).toEqual(event);
    },
  },
  {
    title: "what the publisher says of an event is kept",
    run: async (t) => {
      const metadata = {
        version: 1,
        correlationId: t.flow,
        causationId: "what-came-before",
        agentId: "agent-1",
        userId: "user-1",
        streamId: "stream-1",
        nodeId: "node-1",
        executionId: "execution-1",
        circleId: "circle-1",
        projectId: "project-1",
        priority: 2,
        expiresAt: "2999-01-01T00:00:00.000Z",
        tags: ["slow", "zwei Wörter"],
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        tracestate: "vendor=value",
      };
      const id = `own id ${t.flow}`;
      const event = await t.bus.publish({
        type,
        data: { n: 1 },
        id,
        source: "planner",
        time: "2020-02-29T12:00:00.250+02:00",
        metadata,
      });
      expect(event).toEqual({ id, type, source: "planner", time: event.time, data: { n: 1 }, metadata });
      expect(event.time).toMatch(/Z$/);
      expect(Date.parse(event.time)).toBe(Date.UTC(2020, 1, 29, 10, 0, 0, 250));
      expect(await t.eventually("it is recorded", () => t.bus.history.get(id))).toEqual(event);
    },
  },
  {
    title: "a definition, a draft and emit publish the same",
    run: async (t) => {
      const data = { taskId: "t-1", result: { pages: 3 } };
      const options = { source: "reader", metadata: { correlationId: t.flow, projectId: "contract-three-ways" } };
      const events = [
        await t.bus.publish(taskCompleted, data, options),
        await t.bus.publish({ type: "task.completed", data, ...options }),
        await t.bus.emit.task.completed(data, options),
      ];
      const same = { type: "task.completed", data, source: "reader" };
      for (const event of events) expect(event).toMatchObject(same);
      expect(new Set(events.map((event) => event.id)).size).toBe(3);
    },
  },
  {
    title: "bad input is refused by name and leaves nothing behind",
    run: async (t) => {
      const metadata = { correlationId: t.flow };
      const drafts = [
        [{ type: "task.compleeted", data: {} }, "unknown_type", "task.completed"],
        [{ type: "task.completed", data: { taskId: 7 } }, "invalid_event", "data.taskId"],
        [{ type, data: { text: "x".repeat(maxEventBytes) } }, "event_too_large", type],
        [{ type, data: { at: Number.NaN } }, "invalid_event", "data.at"],
        [{ type, data: {}, id: "schön" }, "invalid_event", "id"],
        [{ type, data: {}, time: "yesterday" }, "invalid_event", "time"],
        [{ type, data: {}, source: "aws.events" }, "invalid_event", "aws.events"],
        [{ type, data: {}, metadata: { priority: 11 } }, "invalid_event", "priority"],
        [{ type, data: {}, metadata: { replay: { id: "r" } } }, "invalid_event", "replay"],
      ] as const;
      for (const [draft, code, name] of drafts) {
        const [result] = await t.publishUntyped([
          { ...draft, metadata: { ...metadata, ...("metadata" in draft ? draft.metadata : {}) } },
        ]);
        if (result?.ok !== false) throw new Error(`accepted: ${JSON.stringify(draft).slice(0, 100)}`);
        expect(result.error).toMatchObject({ name: "BusError", code, message: expect.stringContaining(name) });
      }
      const good = await t.publish(type);
      await t.eventually("the good one is recorded", () => t.bus.history.get(good.id));
      expect((await t.bus.history.query(metadata)).events).toEqual([good]);
    },
  },
  {
    title: "in a batch each bad one comes back with its error, in its place, and the good ones go through",
    run: async (t) => {
      await t.consume("handled");
      const metadata = { correlationId: t.flow };
      const bad = { type: "nothing.like.this", data: {}, metadata };
      const results = await t.publishUntyped([
        { type, data: { n: 0 }, metadata },
        bad,
        { type, data: { n: 2 }, metadata, id: `order-${t.flow}` },
        { type, data: { text: "x".repeat(maxEventBytes) }, metadata },
        { type, data: { n: 4 }, metadata },
      ]);
      expect(results.map((result) => (result.ok ? result.event.data : result.error.code))).toEqual([
        { n: 0 },
        "unknown_type",
        { n: 2 },
        "event_too_large",
        { n: 4 },
      ]);
      expect(results[1]).toMatchObject({ ok: false, draft: bad });
      expect(await t.reported({ phase: "done" }, 3)).toHaveLength(3);
      await t.recorded(results.flatMap((result) => (result.ok ? [result.event] : [])));
      await t.eventually("all are found", async () => (await t.bus.history.query(metadata)).events.length >= 3);
      expect((await t.bus.history.query(metadata)).events).toHaveLength(3);
    },
  },
  {
    title: "a batch may be of any size, and keeps its order",
    needs: ["ordered-publish"],
    run: async (t) => {
      const metadata = { correlationId: t.flow };
      const drafts = Array.from({ length: 2_500 }, (_, n) => ({
        type: "custom.contract.batch" as const,
        data: { n },
        metadata,
      }));
      const results = await t.bus.publishAll(drafts);
      expect(results.map((result) => result.ok && result.event.data)).toEqual(drafts.map((draft) => draft.data));
      const flow = await t.eventually("all are recorded", async () => {
        const found = await t.bus.history.flow(t.flow);
        return found.size === drafts.length && found;
      });
      expect(flow.roots.map((node) => node.event.data)).toEqual(drafts.map((draft) => draft.data));
      expect(await t.bus.publishAll([])).toEqual([]);
    },
  },
  {
    title: "what is done to the data after publish changes nothing",
    run: async (t) => {
      const data = { list: ["as published"], nested: { kept: true } };
      const publishing = t.bus.publish({ type, data });
      data.list.push("later");
      data.nested.kept = false;
      const event = await publishing;
      expect(event.data).toEqual({ list: ["as published"], nested: { kept: true } });
      expect(await t.eventually("it is recorded", () => t.bus.history.get(event.id))).toEqual(event);
    },
  },
  {
    title: "over the rate limit: refused, or kept as a dead letter that redrive publishes with the same id",
    run: async (t) => {
      const rejecting = await t.connect({ use: [rateLimit({ perMinute: 1, burst: 2, over: "reject" })] });
      for (let n = 0; n < 2; n += 1) await t.publish(limited, {}, rejecting);
      await expect(t.publish(limited, {}, rejecting)).rejects.toMatchObject({ code: "rate_limited", retryable: true });
      expect(await rejecting.metrics()).toMatchObject({ published: 2, rateLimited: 1 });

      const keeping = await t.connect({ use: [rateLimit({ perMinute: 1, burst: 1, over: "dead-letter" })] });
      await t.publish(limited, {}, keeping);
      const error: unknown = await t.publish(limited, { data: { n: 2 } }, keeping).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: "BusError", code: "rate_limited" });
      const deadLetters = await t.eventually("its dead letter", async () => {
        const page = await keeping.deadLetters.list({ correlationId: t.flow });
        return page.deadLetters.length > 0 && page.deadLetters;
      });
      expect(deadLetters).toMatchObject([{ attempts: 0, reason: { code: "rate_limited" }, event: { data: { n: 2 } } }]);
      const [deadLetter] = deadLetters;
      expect(deadLetter?.subscription).toBeUndefined();
      expect(Object(error).details.deadLetterId).toBe(deadLetter?.id);
      expect(await keeping.history.get(deadLetter?.event.id ?? "")).toBeUndefined();
      expect((await keeping.deadLetters.redrive(deadLetter?.id ?? "")).failed).toEqual([]);
      const event = await t.eventually("it is recorded", () => keeping.history.get(deadLetter?.event.id ?? ""));
      expect(event).toEqual(deadLetter?.event);
      expect((await keeping.deadLetters.list({ correlationId: t.flow })).deadLetters).toEqual([]);
    },
  },
];
