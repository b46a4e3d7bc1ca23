import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { connect } from "../../lib/index.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { KafkaCluster } from "./support/cluster.ts";
import { newPlace, noKafka } from "./support/open.ts";
import { openPlace } from "./support/open-place.ts";
import { withAdmin } from "./support/plain.ts";

describe.skipIf(noKafka)("three brokers", () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  test("of which one is killed: what was accepted is handled once, and publishing goes on", {
    timeout: 180_000,
  }, async () => {
    const cluster = await KafkaCluster.start(3, ["broker.session.timeout.ms=3000"]);
    ends.push(() => cluster.stop());
    const { path, remove } = await temporaryDirectory();
    ends.push(remove);
    const { name, where } = newPlace(path, "three", cluster.brokers);
    const errors: string[] = [];
    const bus = await connect({
      engine: openPlace(where, { replicationFactor: 3, publishTimeout: "60s", sessionTimeout: "5s" }),
      source: "test",
      onError: ({ message }) => errors.push(message),
    });
    ends.push(() => bus.close());
    const { topics } = await withAdmin((admin) => admin.metadata({ topics: [name] }), cluster.brokers);
    const partitions = topics.get(name)?.partitions ?? [];
    expect(partitions.map(({ isr }) => isr.length)).toEqual([3, 3, 3]);

    const handled = new Map<string, number>();
    await bus.subscribe({ name: "all", on: "custom.*" }, ({ id }) => {
      handled.set(id, (handled.get(id) ?? 0) + 1);
    });
    const accepted: string[] = [];
    let stopped = false;
    const publishing = Array.from({ length: 4 }, async () => {
      while (!stopped) {
        const { id } = await bus.publish({ type: "custom.three.brokers", data: {} });
        accepted.push(id);
        await wait(5);
      }
    });
    await eventually("some are accepted", () => accepted.length > 50, 30_000);
    const [first] = partitions;
    await cluster.kill(first?.leader ?? 1);
    const before = accepted.length;
    await eventually("publishing goes on", () => accepted.length > before + 200, 90_000);
    stopped = true;
    await Promise.all(publishing);
    await eventually("all are handled", () => accepted.every((id) => handled.has(id)), 60_000);
    expect(Math.max(...handled.values())).toBe(1);
    expect(new Set(accepted).size).toBe(accepted.length);
  });
});
