import { describe, expect, test } from "vitest";
import { NonRetriableError } from "../../../../lib/delivery/handler-errors.ts";
import { workspace } from "../test-io.ts";

/** A flow of which one delivery is dead, and one waits for a subscriber that is not there. */
async function failedFlow() {
  const space = workspace();
  await space.bus(async (bus) => {
    const idle = await bus.subscribe({ name: "idle", on: "workflow.*" }, () => {});
    await idle.close();
    const dead = Promise.withResolvers<void>();
    const readers = await bus.subscribe({ name: "readers", on: "task.created" }, async (event, context) => {
      await context.bus.publish({ type: "custom.seen", id: "seen", time: "2026-01-31T12:00:03Z", data: { n: 1 } });
      dead.resolve();
      throw new NonRetriableError(`cannot read ${event.id}`);
    });
    await bus.publish({
      type: "task.created",
      id: "task",
      time: "2026-01-31T12:00:00Z",
      data: { taskId: "task-1" },
      metadata: { correlationId: "run" },
    });
    await dead.promise;
    await readers.close();
    await bus.publish({
      type: "workflow.failed",
      id: "end",
      time: "2026-01-31T12:00:05.250Z",
      data: { workflowId: "run" },
      metadata: { correlationId: "run", causationId: "task" },
    });
  });
  return space;
}

describe("flow", () => {
  test("draws what caused what, with dead letters and what is pending", async () => {
    const { waggle, bus } = await failedFlow();
    const [letter] = (await bus((opened) => opened.deadLetters.list())).deadLetters;
    const { code, out, err } = await waggle(["flow", "run"], { now: () => Date.parse("2026-01-31T12:01:00Z") });
    expect(out).toBe(
      [
        "flow run",
        "… running · 3 events · 5.3s · 1 pending · 1 dead letter · started 1m ago",
        "task.created +0ms test  taskId=task-1",
        `├─ ✗ readers dead letter ${letter?.id} after 1 attempt`,
        "│    non_retriable: cannot read task",
        "├─ custom.seen +3s test  n=1",
        "└─ workflow.failed +5.3s test  workflowId=run",
        "   └─ … idle waiting",
        "",
      ].join("\n"),
    );
    expect(err).toBe("1 dead letter: waggle dlq list --correlation-id run\n");
    expect(code).toBe(0);
  });

  test("takes the id of any of its events, and shows ids for data", async () => {
    const { waggle } = await failedFlow();
    const { out } = await waggle(["flow", "seen", "--ids"]);
    expect(out).toContain("flow run\n");
    expect(out).toContain("├─ custom.seen +3s test  seen\n");
  });

  test("--strict exits 1 unless it is completed; --json is the flow", async () => {
    const { waggle } = await failedFlow();
    const failed = await waggle(["flow", "run", "--strict", "--json"]);
    expect(failed).toMatchObject({ code: 1, json: [{ id: "run", status: "running", size: 3 }] });
    await waggle(["publish", "custom.alone", "--id", "alone"]);
    expect(await waggle(["flow", "alone", "--strict", "--json"])).toMatchObject({
      code: 0,
      json: [{ status: "completed" }],
    });
  });

  test("on a terminal lines are cut to its width", async () => {
    const { waggle } = await failedFlow();
    const { out } = await waggle(["flow", "run"], { tty: true, columns: 30 });
    expect(out).toContain("├─ custom.seen +3s test  n=1\n");
    expect(out).toContain("│    non_retriable: cannot re…\n");
    expect(out).toContain("└─ workflow.failed +5.3s test\n");
  });

  test("an unknown one exits 1", async () => {
    const { waggle } = await failedFlow();
    const { code, err } = await waggle(["flow", "nowhere"]);
    expect(err).toMatch(/^not_found: /);
    expect(code).toBe(1);
  });
});
