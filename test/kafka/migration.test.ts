import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Configuration, outcomeOfAgents, runAgents } from "../support/same-agents.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka, sharedBrokers } from "./support/open.ts";

// The guide "move from one engine to another" of docs/kafka/engine.md, run. Its last step, to aws, is among the tests that need AWS.

describe.skipIf(noKafka)("the same agents, by configuration alone", () => {
  test("on memory, on a file and on kafka", { timeout: 180_000 }, async () => {
    const { path, remove } = await temporaryDirectory();
    const { name } = newPlace(path, "moving");
    const configurations: Configuration[] = [
      { engine: "memory" },
      { engine: "embedded", file: join(path, "local.db") },
      { engine: "kafka", url: `kafka://${sharedBrokers()}`, bus: name, store: join(path, "kafka.db") },
    ];
    for (const configuration of configurations) {
      expect(await runAgents(configuration)).toEqual(outcomeOfAgents);
    }
    await remove();
  });

  test("the environment names the engine as well", async () => {
    const { resolveOptions } = await import("../../lib/connect/connect.ts");
    const env = {
      WAGGLE_ENGINE: "kafka",
      WAGGLE_URL: "kafka://localhost:9092",
      WAGGLE_BUS: "agents",
      WAGGLE_STORE: "a.db",
    };
    expect(await resolveOptions({}, { env, cwd: "/" })).toEqual({
      engine: "kafka",
      url: "kafka://localhost:9092",
      bus: "agents",
      store: "a.db",
    });
  });
});
