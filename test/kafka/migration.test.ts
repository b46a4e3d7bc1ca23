import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { taskAssigned } from "../../lib/catalog/task.ts";
import { type ConnectOptions, connect } from "../../lib/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka, sharedBrokers } from "./support/open.ts";

// The guide "move from one engine to another" of docs/kafka/engine.md, run: the agents know no engine.

type Configuration = Pick<ConnectOptions, "engine" | "file" | "url" | "bus" | "store">;

async function runAgents(configuration: Configuration): Promise<{ results: unknown[]; recorded: number }> {
  const bus = await connect({ ...configuration, source: "orchestrator" });
  try {
    // An agent that got its work by polling is a handler now: what it did with one task, it does with one event.
    await bus.subscribe(
      { name: "frontend-agent", on: taskAssigned, attempts: 3 },
      async ({ data }, { bus: ofHandler }) => {
        await ofHandler.emit.task.completed({ taskId: data.taskId, result: `${data.taskId} is done` });
      },
    );
    const results: unknown[] = [];
    const assigned = await Promise.all(["t-1", "t-2", "t-3"].map((taskId) => bus.emit.task.assigned({ taskId })));
    for (const { metadata } of assigned) {
      await bus.settled(metadata.correlationId, { timeout: "20s" });
      const { events } = await bus.history.query({ correlationId: metadata.correlationId, type: "task.completed" });
      results.push(...events.map(({ data }) => Reflect.get(Object(data), "result")));
    }
    return { results, recorded: (await bus.history.query({ type: "task.*" })).events.length };
  } finally {
    await bus.close();
  }
}

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
      expect(await runAgents(configuration)).toEqual({
        results: ["t-1 is done", "t-2 is done", "t-3 is done"],
        recorded: 6,
      });
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
