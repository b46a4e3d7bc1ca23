import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { waggle } from "../e2e/cli/spawn-waggle.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka, sharedBrokers } from "./support/open.ts";

describe.skipIf(noKafka)("waggle kafka", () => {
  test("init makes the topics, check names what is wrong with them, and the other commands take the bus", {
    timeout: 180_000,
  }, async () => {
    const { path, remove } = await temporaryDirectory();
    const { name } = newPlace(path, "commands");
    const where = ["--url", `kafka://${sharedBrokers()}`, "--bus", name];
    const missing = await waggle(path, ["kafka", "check", ...where]);
    expect(missing.code).toBe(1);
    expect(missing.stdout).toContain(`${name}: there is no such topic; run waggle kafka init`);

    const made = await waggle(path, [
      "kafka",
      "init",
      ...where,
      "--partitions",
      "2",
      "--replication-factor",
      "1",
      "--json",
    ]);
    expect(JSON.parse(made.stdout)).toEqual([
      { name, partitions: 2, replicas: 1 },
      { name: `${name}.dead-letters`, partitions: 1, replicas: 1 },
    ]);
    const checked = await waggle(path, ["kafka", "check", ...where]);
    expect(checked.code).toBe(1);
    expect(checked.stdout.trim().split("\n")).toEqual([
      `${name}: it has one replica: what it holds is lost with its broker`,
      `${name}.dead-letters: it has one replica: what it holds is lost with its broker`,
    ]);
    const refused = await waggle(path, [
      "kafka",
      "init",
      ...where.slice(0, 3),
      `${name}-more`,
      "--replication-factor",
      "3",
    ]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("replicationFactor 3")]);

    const bus = ["--engine", "kafka", ...where, "--store", join(path, "bus.db")];
    const published = await waggle(path, ["publish", "custom.from.command", "{}", "--source", "command", ...bus]);
    expect(published.stderr).toBe("");
    const history = await waggle(path, ["history", "--json", ...bus]);
    expect(JSON.parse(history.stdout.trim())).toMatchObject({ type: "custom.from.command", source: "command" });
    await remove();
  });

  test("takes the options of kafkaEngine from waggle.config.ts", { timeout: 180_000 }, async () => {
    const { path, remove } = await temporaryDirectory();
    const { name } = newPlace(path, "configured");
    const options = JSON.stringify({ brokers: sharedBrokers(), bus: name, partitions: 4, replicationFactor: 1 });
    const config = `import { defineConfig } from "wagglebus";
import { kafkaEngine } from "wagglebus/kafka";

export default defineConfig({ engine: kafkaEngine(${options}), source: "configured" });
`;
    await writeFile(join(path, "waggle.config.ts"), config);
    const made = await waggle(path, ["kafka", "init", "--json"]);
    expect(made.stderr).toBe("");
    expect(JSON.parse(made.stdout)[0]).toEqual({ name, partitions: 4, replicas: 1 });
    await remove();
  });
});
