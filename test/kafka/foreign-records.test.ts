import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Bus, connect, createCatalog, defineEvent, type EventsOf } from "../../lib/index.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka } from "./support/open.ts";
import { openPlace } from "./support/open-place.ts";
import { readPlain, writePlain } from "./support/plain.ts";

const taskDone = defineEvent("task.done", { data: z.looseObject({ taskId: z.string() }) });
const delta = defineEvent("text.delta", { history: false, data: z.looseObject({ text: z.string() }) });
const definitions = [taskDone, delta] as const;
const catalog = createCatalog(definitions);

async function withBus(
  use: (bus: Bus<EventsOf<typeof definitions>>, topic: string) => Promise<void>,
  options: Parameters<typeof openPlace>[1] = {},
): Promise<void> {
  const directory = await temporaryDirectory();
  const { name: topic, where } = newPlace(directory.path, "foreign");
  const bus = await connect({
    engine: openPlace(where, options),
    catalog,
    source: "test",
    onError: () => {},
    logLevel: "silent",
  });
  try {
    await use(bus, topic);
  } finally {
    await bus.close();
    await directory.remove();
  }
}

const envelope = (id: string, type: string, payload: unknown, more = {}) =>
  JSON.stringify({
    event_id: id,
    event_type: type,
    timestamp: "2026-03-17T08:45:23Z",
    source_service: "memory_service",
    payload,
    metadata: { user_id: "user-1", correlation_id: "flow-1", version: "1.0" },
    ...more,
  });

describe.skipIf(noKafka)("records of other programs", () => {
  test("are events like any other: handled, found, in their flow, each once however often it was sent", () =>
    withBus(async (bus, topic) => {
      const handled: string[] = [];
      await bus.subscribe({ name: "all", on: ["task.*", "text.*", "custom.*"] }, ({ id, type }) => {
        handled.push(`${type} ${id}`);
      });
      await writePlain([
        { topic, key: "flow-1", value: envelope("evt-1", "task.done", { taskId: "t-1" }) },
        { topic, key: "flow-1", value: envelope("evt-1", "task.done", { taskId: "t-1" }) },
        { topic, key: "flow-1", value: envelope("evt-2", "text.delta", { text: "Hi" }) },
        {
          topic,
          key: "flow-1",
          value: JSON.stringify({ n: 1 }),
          headers: {
            ce_specversion: "1.0",
            ce_id: "evt-3",
            ce_type: "custom.ce",
            ce_source: "/crew",
            ce_correlationid: "flow-1",
          },
        },
      ]);
      await eventually("all are handled", () => handled.length >= 3);
      expect(handled).toEqual(["task.done evt-1", "text.delta evt-2", "custom.ce evt-3"]);
      expect(await bus.history.get("evt-1")).toMatchObject({
        source: "memory_service",
        time: "2026-03-17T08:45:23Z",
        metadata: { userId: "user-1", correlationId: "flow-1", version: 1 },
      });
      // Its definition keeps it out of history.
      expect(await bus.history.get("evt-2")).toBeUndefined();
      await bus.settled("flow-1", { timeout: "10s" });
      const { events } = await bus.history.query({ correlationId: "flow-1" });
      expect(events.map(({ id }) => id).toSorted()).toEqual(["evt-1", "evt-3"]);
      expect(handled).toHaveLength(3);
    }));

  test("that are no events become dead letters, in the store and in a topic, and hold nothing up", () =>
    withBus(async (bus, topic) => {
      const handled: string[] = [];
      await bus.subscribe({ name: "all", on: "task.*" }, ({ id }) => {
        handled.push(id);
      });
      await writePlain([
        { topic, key: "one", partition: 0, value: "this is no JSON" },
        { topic, key: "one", partition: 0, value: JSON.stringify({ hello: "world" }) },
        { topic, key: "one", partition: 0, value: envelope("evt-4", "task.done", { task: "misspelt" }) },
        { topic, key: "one", partition: 0, value: envelope("evt-5", "task.done", { taskId: "t-5" }) },
        { topic, key: "one", partition: 0, value: envelope("evt-5", "task.done", { taskId: "other" }) },
        { topic, key: "one", partition: 0, value: envelope("evt-6", "task.done", { taskId: "t-6" }) },
      ]);
      await eventually("the last is handled", () => handled.includes("evt-6"));
      expect(handled).toEqual(["evt-5", "evt-6"]);
      const deadLetters = await eventually("all are there", async () => {
        const { deadLetters: found } = await bus.deadLetters.list({});
        return found.length >= 4 && found;
      });
      expect(deadLetters.map(({ id, reason }) => [id, reason.code]).toReversed()).toEqual([
        [`kafka:${topic}/0/0`, "invalid_event"],
        [`kafka:${topic}/0/1`, "invalid_event"],
        [`kafka:${topic}/0/2`, "invalid_event"],
        [`kafka:${topic}/0/4`, "conflict"],
      ]);
      const [unreadable] = deadLetters.toReversed();
      expect(unreadable?.event).toMatchObject({ type: "custom.unreadable", data: { stored: "this is no JSON" } });
      const copies = await readPlain(`${topic}.dead-letters`, 4);
      expect(copies.map(({ headers, key }) => [key, headers.get("waggle-reason")])).toEqual(
        deadLetters.map(({ id, reason }) => [id, reason.code]).toReversed(),
      );
    }));

  test("see well-formed records of Waggle, keyed by flow", () =>
    withBus(async (bus, topic) => {
      const metadata = { correlationId: "flow-9", userId: "user-9" };
      const first = await bus.publish(taskDone, { taskId: "t-9" }, { metadata });
      await bus.publish({ type: "custom.other", data: {}, metadata });
      const [record, second] = await readPlain(topic, 2);
      expect(JSON.parse(record?.value ?? "")).toEqual({
        event_id: first.id,
        event_type: "task.done",
        timestamp: first.time,
        source_service: "test",
        payload: { taskId: "t-9" },
        metadata: { version: "1.0", correlation_id: "flow-9", user_id: "user-9", priority: 5 },
      });
      expect([record?.key, second?.key, record?.partition]).toEqual(["flow-9", "flow-9", second?.partition]);
    }));

  test("may be written as CloudEvents, and keyed by a path of the caller's", () =>
    withBus(
      async (bus, topic) => {
        const event = await bus.publish(taskDone, { taskId: "t-7" });
        const [record] = await readPlain(topic, 1);
        expect(record?.key).toBe("t-7");
        expect(JSON.parse(record?.value ?? "")).toEqual({ taskId: "t-7" });
        expect(Object.fromEntries(record?.headers ?? [])).toMatchObject({
          "content-type": "application/json",
          ce_specversion: "1.0",
          ce_id: event.id,
          ce_type: "task.done",
          ce_source: "test",
          ce_time: event.time,
        });
        expect(await bus.history.get(event.id)).toEqual(event);
      },
      { format: "cloudevents", key: "data.taskId" },
    ));
});
