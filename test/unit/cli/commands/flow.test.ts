import { describe, expect, test } from "vitest";
import { NonRetriableError } from "../../../../lib/delivery/handler-errors.ts";
import { workspace } from "../test-io.ts";

/** Creates a flow with one dead delivery, and one that waits because its subscriber is closed. */
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
  test("renders a tree of causes with dead letters and pending deliveries", async () => {
    const { waggle, bus } = await failedFlow();
    const [deadLetter] = (await bus((opened) => opened.deadLetters.list())).deadLetters;
    const { code, out, err } = await waggle(["flow", "run"], { now: () => Date.parse("2026-01-31T12:01:00Z") });
    expect(out).toBe(
      [
        "flow run",
        "… running · 3 events · 5.3s · 1 pending · 1 dead letter · 1 of 1 attempt failed · started 1m ago",
        "task.created +0ms test  taskId=task-1",
        `├─ ✗ readers dead letter ${deadLetter?.id} after 1 attempt`,
        "│    non_retriable: cannot read task",
        "├─ custom.seen +3s test  n=1",
        "└─ workflow.failed +5.3s test  workflowId=run",
        "   └─ … idle waiting",
        "",
      ].join("\n"),
    );
    expect(err).toBe(
      "1 dead letter: waggle dlq list --correlation-id run\nto deliver again: waggle dlq redrive --correlation-id run\n",
    );
    expect(code).toBe(0);
  });

  test("shows how each delivery ended: attempts, failures, how long it took, and a dead letter that is gone", async () => {
    const { waggle, bus } = workspace();
    await bus(async (opened) => {
      await opened.subscribe({ name: "reader", on: "task.created", backoff: { from: 1, to: 2 } }, (_, { attempt }) => {
        if (attempt < 3) throw new Error("HTTP 429");
      });
      await opened.subscribe({ name: "strict", on: "task.created" }, () => {
        throw new NonRetriableError("never");
      });
      await opened.subscribe({ name: "picky", on: "task.created" }, () => {}, { filter: () => false });
      await opened.publish({ type: "task.created", data: { taskId: "a" }, metadata: { correlationId: "run" } });
      const { deadLetters } = await opened.settled("run");
      await opened.deadLetters.discard(deadLetters.map(({ id }) => id));
    });
    const { out } = await waggle(["flow", "run"]);
    const lines = out.split("\n").map((line) => line.replace(/^[├└]─ /, "").replace(/\d+(\.\d+)?m?s\b/g, "<time>"));
    expect(lines.slice(2, -1).sort()).toEqual([
      "task.created +<time> test  taskId=a",
      "– picky dropped after <time>  expired or filtered out",
      "✓ reader done after <time>  3 attempts, 2 × HTTP 429, ran <time>",
      "✗ strict dead after <time>  1 × never, ran <time>, redriven or discarded since",
    ]);
    const { json } = await waggle(["flow", "run", "--json"]);
    expect(json).toMatchObject([
      {
        roots: [
          {
            deliveries: expect.arrayContaining([
              expect.objectContaining({ subscription: "reader", outcome: "done", attempts: 3 }),
            ]),
          },
        ],
      },
    ]);
  });

  test("accepts the id of any event of the flow, and shows ids instead of data with --ids", async () => {
    const { waggle } = await failedFlow();
    const { out } = await waggle(["flow", "seen", "--ids"]);
    expect(out).toContain("flow run\n");
    expect(out).toContain("├─ custom.seen +3s test  seen\n");
  });

  test("exits 1 with --strict unless the flow is completed, and prints the flow with --json", async () => {
    const { waggle } = await failedFlow();
    const failed = await waggle(["flow", "run", "--strict", "--json"]);
    expect(failed).toMatchObject({ code: 1, json: [{ id: "run", status: "running", size: 3 }] });
    await waggle(["publish", "custom.alone", "--id", "alone"]);
    expect(await waggle(["flow", "alone", "--strict", "--json"])).toMatchObject({
      code: 0,
      json: [{ status: "completed" }],
    });
  });

  test("shows tokens and cost of each event, whatever an SDK calls them, and sums them by agent", async () => {
    const { waggle, bus } = workspace();
    await bus(async (opened) => {
      const metadata = { correlationId: "run" };
      const agent = { ...metadata, agentId: "reader-1" };
      await opened.publishAll([
        {
          type: "custom.plan",
          data: { usage: { input_tokens: 1_200, output_tokens: 300 }, costUsd: 0.0125 },
          metadata,
        },
        { type: "custom.read", data: { usage: { prompt_tokens: 10, completion_tokens: 2 } }, metadata: agent },
        { type: "custom.read", data: { inputTokens: 5, cost: { amount: 0.0004 } }, metadata: agent },
        { type: "custom.read", data: { inputTokens: -1, cost: "much" }, metadata: agent },
      ]);
    });
    const { out } = await waggle(["flow", "run"]);
    const [, facts, plan, ...rest] = out.split("\n");
    expect(facts).toMatch(/^✓ completed · 4 events · \S+ · 1,215 \+ 302 tokens, \$0\.013 · started /);
    expect(plan).toMatch(/^custom\.plan \+\S+ test {2}1,200 \+ 300 tokens, \$0\.013 /);
    expect(rest.slice(-5)).toEqual([
      "",
      "AGENT     EVENTS  ATTEMPTS  FAILED  TOKENS IN  OUT      COST",
      "test           1         0       0      1,200  300    $0.013",
      "reader-1       3         0       0         15    2  $0.00040",
      "",
    ]);
  });

  test("--watch shows a flow as it goes, and ends with it", async () => {
    const { waggle, start, bus } = workspace();
    const watching = start(["flow", "run", "--watch", "--json"]);
    const gate = Promise.withResolvers<void>();
    await watching.stderr.contains("nothing is recorded yet");
    await bus(async (opened) => {
      await opened.subscribe({ name: "readers", on: "custom.*" }, () => gate.promise);
      await opened.publish({ type: "custom.one", data: {}, metadata: { correlationId: "run" } });
      await watching.stdout.contains('"status":"running"');
      gate.resolve();
      await opened.settled("run");
    });
    const { code, json } = await watching.ended;
    expect(json.at(-1)).toMatchObject({ id: "run", status: "completed", pending: [] });
    expect(code).toBe(0);
    const { out } = await waggle(["flow", "run", "--watch"], { tty: true });
    // The alternate screen is left before the last state is printed to stay.
    expect(out.startsWith("\u001b[?1049h")).toBe(true);
    expect(out).toContain("\u001b[?25h\u001b[?1049lflow run\n✓ completed · 1 event ");
  });

  test("--watch ends with Ctrl-C though the flow has not begun, and gives the terminal back", async () => {
    const { start } = workspace();
    const watching = start(["flow", "run", "--watch"], { tty: true });
    await watching.stdout.contains("waiting for flow run");
    watching.interrupt();
    const { code, out } = await watching.ended;
    expect(out.endsWith("\u001b[?25h\u001b[?1049l")).toBe(true);
    expect(code).toBe(0);
  });

  test("--watch with --strict exits 1 where the flow had not begun", async () => {
    const { start } = workspace();
    const watching = start(["flow", "run", "--watch", "--strict"], { tty: true });
    await watching.stdout.contains("waiting for flow run");
    watching.interrupt();
    expect((await watching.ended).code).toBe(1);
  });

  test("truncates lines to the width of a terminal", async () => {
    const { waggle } = await failedFlow();
    const { out } = await waggle(["flow", "run"], { tty: true, columns: 30 });
    expect(out).toContain("├─ custom.seen +3s test  n=1\n");
    expect(out).toContain("│    non_retriable: cannot re…\n");
    expect(out).toContain("└─ workflow.failed +5.3s test\n");
  });

  test("exits 1 for an unknown flow", async () => {
    const { waggle } = await failedFlow();
    const { code, err } = await waggle(["flow", "nowhere"]);
    expect(err).toMatch(/^not_found: /);
    expect(code).toBe(1);
  });

  test("a chain of 3,000 causes is shown as JSON and as a tree", async () => {
    const { waggle, bus } = workspace();
    const links = 3_000;
    await bus((opened) =>
      opened.publishAll(
        Array.from({ length: links }, (_, n) => ({
          type: "custom.ping",
          id: `link-${n}`,
          data: { n },
          metadata: { correlationId: "chain", ...(n === 0 ? {} : { causationId: `link-${n - 1}` }) },
        })),
      ),
    );
    const { code, out, err } = await waggle(["flow", "chain", "--json"]);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/^\{"id":"chain",.*"size":3000,.*\}\n$/);
    expect(out.match(/"id":"link-\d+"/g)).toEqual(Array.from({ length: links }, (_, n) => `"id":"link-${n}"`));
    const tree = await waggle(["flow", "chain", "--ids"]);
    expect(tree.out.match(/link-\d+/g)).toEqual(Array.from({ length: links }, (_, n) => `link-${n}`));
  });
});
