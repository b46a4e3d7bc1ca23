import { expect, test } from "vitest";
import { z } from "zod";
import type { KafkaOptions } from "../../../../lib/engines/kafka/index.ts";
import { kafkaSettings } from "../../../../lib/engines/kafka/index.ts";
import { topicNames } from "../../../../lib/engines/kafka/topics/topic-names.ts";
import { createCatalog, defineEvent } from "../../../../lib/index.ts";
import { anEvent } from "../../../support/an-event.ts";

const mounted: string[] = [];
const mount = (store: string) => {
  mounted.push(store);
  return () => Promise.reject(new Error("not opened"));
};
const settings = (options: Partial<KafkaOptions> = {}) =>
  kafkaSettings({ brokers: "localhost:9092", ...options }, mount);

test("brokers are a list or a text, with or without the scheme", () => {
  expect(settings({ brokers: "kafka://a:9092, b:9093" }).brokers).toEqual(["a:9092", "b:9093"]);
  expect(settings({ brokers: ["a:9092", "[::1]:9093"] }).brokers).toEqual(["a:9092", "[::1]:9093"]);
});

test("what is left out has its default", () => {
  mounted.length = 0;
  expect(settings({ bus: "agents" })).toMatchObject({
    bus: "agents",
    topics: "bus",
    format: "envelope",
    partitions: 6,
    replicationFactor: undefined,
    create: true,
    sessionTimeoutMs: 10_000,
    heartbeatMs: 1_000,
    publishTimeoutMs: 30_000,
    tls: undefined,
  });
  expect(mounted).toEqual([".waggle/kafka-agents.db"]);
  expect(settings({ tls: true }).tls).toEqual({});
});

test.each<[string, Record<string, unknown>, string]>([
  ["no broker", { brokers: [] }, "brokers must be host:port"],
  ["a broker without a port", { brokers: "localhost" }, 'brokers has "localhost"'],
  ["a misspelt option", { patitions: 3 }, 'unknown option "patitions"'],
  ["no such format", { format: "avro" }, "format must be"],
  ["no partition", { partitions: 0 }, "partitions must be a whole number from 1"],
  ["half a copy", { replicationFactor: 1.5 }, "replicationFactor must be a whole number"],
  ["too short a session", { sessionTimeout: "10ms" }, "sessionTimeout"],
])("is refused by name: %s", (_, options, message) => {
  const act = () => Reflect.apply(kafkaSettings, undefined, [{ brokers: "localhost:9092", ...options }, mount]);
  expect(act).toThrow(message);
});

test("an event is keyed by its flow, by a path of the caller's, or by a function; without a value by its flow", () => {
  const event = anEvent({ data: { taskId: "t-1" }, metadata: { correlationId: "flow" } });
  expect(settings().keyOf(event)).toBe("flow");
  expect(settings({ key: "data.taskId" }).keyOf(event)).toBe("t-1");
  expect(settings({ key: "data.other" }).keyOf(event)).toBe("flow");
  expect(settings({ key: ({ type }) => type }).keyOf(event)).toBe("task.created");
});

test("one topic for the bus, or one for each domain", () => {
  const catalog = createCatalog([defineEvent("agent.started", { data: z.looseObject({}) })]);
  const one = topicNames({ bus: "crew", topics: "bus", domains: [] }, catalog);
  expect([one.events, one.deadLetters, one.recorders, one.groupOf("a"), one.topicOf("x.y")]).toEqual([
    ["crew"],
    "crew.dead-letters",
    "waggle.crew",
    "waggle.crew.a",
    "crew",
  ]);
  const each = topicNames({ bus: "crew", topics: "domain", domains: ["memory"] }, catalog);
  expect(each.events).toEqual(["agent", "custom", "memory"]);
  expect(each.topicOf("agent.started")).toBe("agent");
  expect(() => each.topicOf("other.said")).toThrow('no topic for the domain "other"');
  expect(() => topicNames({ bus: "no spaces", topics: "bus", domains: [] }, catalog)).toThrow("cannot name a topic");
});
