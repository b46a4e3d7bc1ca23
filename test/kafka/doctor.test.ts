import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { standardCatalog } from "../../lib/catalog/index.ts";
import { kafkaFindings } from "../../lib/cli/doctor/kafka-checks.ts";
import { connect } from "../../lib/index.ts";
import { kafkaEngine } from "../../lib/kafka-entry.ts";
import { waggle } from "../e2e/cli/spawn-waggle.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka, sharedBrokers } from "./support/open.ts";

describe.skipIf(noKafka)("waggle doctor on Kafka", () => {
  test("tells of brokers, topics, the recorder's lag and the store", { timeout: 180_000 }, async () => {
    const { path, remove } = await temporaryDirectory();
    const { name } = newPlace(path, "doctor");
    const catalog = standardCatalog;
    const find = () => kafkaFindings({ engine: "kafka", url: `kafka://${sharedBrokers()}`, bus: name, catalog });
    expect(await find()).toContainEqual({
      check: "topic",
      state: "failed",
      text: `there is no topic ${name}`,
      fix: "run waggle kafka init",
    });

    const options = { brokers: sharedBrokers(), bus: name, partitions: 2, store: join(path, "bus.db") };
    const bus = await connect({ engine: kafkaEngine(options), source: "doctor" });
    const handled = Promise.withResolvers<void>();
    await bus.subscribe({ name: "readers", on: "custom.*" }, () => handled.resolve());
    await bus.publish({ type: "custom.one", data: {} });
    await handled.promise;
    // Closing tells the group how far the store is.
    await bus.close();

    const findings = await find();
    expect(findings).toContainEqual({ check: "broker", state: "ok", text: `${sharedBrokers()} answers` });
    expect(findings).toContainEqual({
      check: "topic",
      state: "warning",
      text: `${name}: it has one replica: what it holds is lost with its broker`,
      fix: "change the settings of the topic",
    });
    expect(findings).toContainEqual({
      check: "recorder",
      state: "ok",
      text: `the store is 0 records behind the topics (group waggle.${name})`,
    });

    const where = ["--engine", "kafka", "--url", `kafka://${sharedBrokers()}`, "--bus", name];
    const { code, stderr, stdout } = await waggle(path, ["doctor", ...where, "--store", join(path, "bus.db")]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("kafka can be reached");
    expect(stdout).toMatch(/✓ store +.*bus\.db/);
    await remove();
  });
});
