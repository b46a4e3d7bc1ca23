import { expect, test } from "vitest";
import { execution } from "../../../lib/adapters/ai-sdk.ts";
import { connect } from "../../../lib/index.ts";
import { localEngines } from "../../support/local-engines.ts";

test.each(localEngines())(
  "on %s an execution resumes by its flow, from another bus too, and ends once",
  async (_, open) => {
    const where = await open();
    // On the memory engine each bus is alone.
    const buses = [await connect({ ...where, source: "one" })];
    if (where.engine !== "memory") buses.push(await connect({ ...where, source: "other" }));
    let runs = 0;
    const attempt = (index: number) =>
      execution(buses[index % buses.length] ?? expect.fail(), { flow: "f1", agentId: "writer" }, async (run) => {
        runs += 1;
        await run.runTool({ toolName: "search", toolInput: { query: "bees" } }, () => "found");
        if (!run.resumed) throw new Error("overloaded");
        return { run: runs };
      });
    await expect(attempt(0)).rejects.toThrow("overloaded");
    expect(await attempt(1)).toEqual({ run: 2 });
    expect(await attempt(0)).toEqual({ run: 2 });
    const { events } = (await buses[0]?.history.query({ correlationId: "f1", order: "oldest" })) ?? expect.fail();
    expect(events.map(({ type }) => type)).toEqual([
      ...["execution.started", "tool.call.started", "tool.call.completed", "execution.failed"],
      ...["execution.resumed", "tool.call.started", "tool.call.completed", "execution.completed"],
    ]);
    expect(new Set(events.map(({ metadata }) => metadata.executionId)).size).toBe(1);
    for (const bus of buses) await bus.close();
  },
);
