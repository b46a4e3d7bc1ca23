import { describe, expect, test } from "vitest";
import { z } from "zod";
import { BusError, connect, createCatalog, defineEvent } from "../../lib/index.ts";
import { kafkaEngine } from "../../lib/kafka-entry.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka } from "./support/open.ts";
import { openPlace } from "./support/open-place.ts";
import { readPlain, withAdmin } from "./support/plain.ts";

describe.skipIf(noKafka)("topics", () => {
  test("are made with their partitions", async () => {
    const { path, remove } = await temporaryDirectory();
    const { name, where } = newPlace(path, "made");
    const bus = await connect({ engine: openPlace(where, { partitions: 2 }), source: "test" });
    const topics = await withAdmin((admin) => admin.metadata({ topics: [name, `${name}.dead-letters`] }));
    expect(topics.topics.get(name)?.partitionsCount).toBe(2);
    expect(topics.topics.get(`${name}.dead-letters`)?.partitionsCount).toBe(1);
    await bus.close();
    await remove();
  });

  test("of a replication factor that the cluster cannot give are refused by name", async () => {
    const { path, remove } = await temporaryDirectory();
    const { where } = newPlace(path, "copies");
    const refused = connect({ engine: openPlace(where, { replicationFactor: 3 }), source: "test" });
    await expect(refused).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining("replicationFactor 3"),
    });
    await remove();
  });

  test("that are missing are named where they may not be made", async () => {
    const { path, remove } = await temporaryDirectory();
    const { name, where } = newPlace(path, "missing");
    const refused = connect({ engine: openPlace(where, { createTopics: false }), source: "test" });
    await expect(refused).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining(`there is no topic ${name}, ${name}.dead-letters`),
    });
    await remove();
  });

  test("one a domain: an event lies in that of its first word, and a flow over several is one flow", async () => {
    const { path, remove } = await temporaryDirectory();
    const word = `d${Date.now().toString(36)}`;
    const [asked, told] = ["ask", "tell"].map((name) => defineEvent(`${word}${name}.it`, { data: z.looseObject({}) }));
    if (asked === undefined || told === undefined) throw new Error("two definitions");
    const { where } = newPlace(path, "domains");
    const bus = await connect({
      engine: openPlace(where, { topics: "domain" }),
      catalog: createCatalog([asked, told], { open: true }),
      source: "test",
    });
    const handled: string[] = [];
    await bus.subscribe({ name: "all", on: "*" }, ({ type }) => {
      handled.push(type);
    });
    const metadata = { correlationId: `flow-${word}` };
    await bus.publish({ type: asked.type, data: {}, metadata });
    await bus.publish({ type: told.type, data: {}, metadata });
    await eventually("both are handled", () => handled.length === 2, 20_000);
    expect((await readPlain(`${word}ask`, 1))[0]?.key).toBe(`flow-${word}`);
    expect((await readPlain(`${word}tell`, 1))[0]?.key).toBe(`flow-${word}`);
    expect((await bus.history.flow(`flow-${word}`)).size).toBe(2);
    await expect(bus.publish({ type: "elsewhere.said", data: {} })).rejects.toMatchObject({
      code: "invalid_config",
      message: expect.stringContaining('no topic for the domain "elsewhere"'),
    });
    await bus.close();
    await remove();
  });
});

test("brokers that do not answer are unavailable, and the store is not opened", async () => {
  const { path, remove } = await temporaryDirectory();
  const brokers = `127.0.0.1:${await freePort()}`;
  const refused = connect({ engine: kafkaEngine({ brokers, store: `${path}/bus.db` }), source: "test" });
  await expect(refused).rejects.toSatisfy((error) => error instanceof BusError && error.code === "unavailable");
  await remove();
});

test("an event that is larger than the topic takes is refused as too large, and its neighbours go through", {
  skip: noKafka,
}, async () => {
  const { path, remove } = await temporaryDirectory();
  const { name, where } = newPlace(path, "large");
  await withAdmin((admin) =>
    admin.createTopics({
      topics: [name],
      partitions: 1,
      configs: [{ name: "max.message.bytes", value: "20000" }],
    }),
  );
  const bus = await connect({ engine: openPlace(where), source: "test" });
  const drafts = [10, 30_000, 20].map(
    (length) => ({ type: "custom.large", data: { text: "x".repeat(length) } }) as const,
  );
  const results = await bus.publishAll(drafts);
  expect(results.map((result) => (result.ok ? "ok" : result.error.code))).toEqual(["ok", "event_too_large", "ok"]);
  await bus.close();
  await remove();
});
