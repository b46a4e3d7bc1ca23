import { describe, expect, test } from "vitest";
import { workspace } from "../test-io.ts";

/** Records three events whose times are two seconds apart. */
async function recorded() {
  const space = workspace();
  const events = await space.bus(async (bus) => [
    await bus.publish({
      type: "workflow.started",
      id: "run-1",
      data: { workflowId: "run-1" },
      time: "2026-01-31T12:00:00Z",
      metadata: { tags: ["demo", "blue"], userId: "ada" },
    }),
    await bus.publish({
      type: "task.created",
      data: { taskId: "a", title: "Read \u001b[31mthis" },
      source: "planner",
      time: "2026-01-31T12:00:02Z",
      metadata: { correlationId: "run-1", causationId: "run-1", agentId: "planner", projectId: "p" },
    }),
    await bus.publish({
      type: "custom.other",
      data: { n: 1 },
      time: "2026-01-31T12:00:04Z",
      metadata: { circleId: "c" },
    }),
  ]);
  return { ...space, events };
}

describe("history", () => {
  test("lists events newest first, with exact times and in full without a terminal", async () => {
    const { waggle, events } = await recorded();
    const { code, out } = await waggle(["history"], { columns: 20 });
    const [first, second, third] = events;
    expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      ["TIME", "TYPE", "SOURCE", "ID", "DATA"],
      ["2026-01-31T12:00:04Z", "custom.other", "test", third?.id, "n=1"],
      ["2026-01-31T12:00:02Z", "task.created", "planner", second?.id, 'taskId=a title="Read \\u001b[31mthis"'],
      ["2026-01-31T12:00:00Z", "workflow.started", "test", first?.id, "workflowId=run-1"],
      [""],
    ]);
    expect(code).toBe(0);
  });

  test("prints the stored events with --json", async () => {
    const { waggle, events } = await recorded();
    expect((await waggle(["history", "--json"])).json).toEqual(events.toReversed());
  });

  test.each([
    [["--type", "task.*"], [1]],
    [
      ["--type", "task.*", "--type", "custom.other"],
      [2, 1],
    ],
    [["--source", "planner"], [1]],
    [
      ["--correlation-id", "run-1"],
      [1, 0],
    ],
    [["--causation-id", "run-1"], [1]],
    [["--agent-id", "planner"], [1]],
    [["--user-id", "ada"], [0]],
    [["--circle-id", "c"], [2]],
    [["--project-id", "p"], [1]],
    [["--stream-id", "none"], []],
    [["--node-id", "none"], []],
    [["--execution-id", "none"], []],
    [["--tag", "demo", "--tag", "blue"], [0]],
    [["--tag", "demo", "--tag", "red"], []],
    [
      ["--since", "1h"],
      [2, 1, 0],
    ],
    [["--until", "1h"], []],
    [
      ["--happened-since", "2026-01-31T12:00:02Z"],
      [2, 1],
    ],
    [["--happened-until", "2026-01-31T12:00:02Z"], [0]],
  ])("filters by %j", async (argv, expected) => {
    const { waggle, events } = await recorded();
    const { json } = await waggle(["history", "--json", ...argv]);
    expect(json).toEqual(expected.map((index) => events[index]));
  });

  test("pages with --limit and --cursor", async () => {
    const { waggle, events } = await recorded();
    const first = await waggle(["history", "--json", "-n", "2"]);
    expect(first.json).toEqual([events[2], events[1]]);
    const { cursor } = JSON.parse(first.err);
    const second = await waggle(["history", "--json", "--cursor", cursor]);
    expect(second.json).toEqual([events[0]]);
    expect(second.err).toBe("");
    expect((await waggle(["history", "-n", "2"])).err).toBe(`2 events; for more, add --cursor ${cursor}\n`);
  });

  test("reads several pages for a limit above the page size of the bus", async () => {
    const { waggle } = workspace();
    const stdin = '{"type":"custom.many","data":{}}\n'.repeat(2_300);
    await waggle(["publish"], { stdin });
    expect((await waggle(["history", "--json", "-n", "2200"])).json).toHaveLength(2_200);
    expect((await waggle(["history", "--json", "-n", "9000"])).json).toHaveLength(2_300);
  });

  test("shows the whole event for one id", async () => {
    const { waggle, events } = await recorded();
    const { code, out } = await waggle(["history", "run-1"], { now: () => Date.parse("2026-01-31T12:05:00Z") });
    expect(out).toBe(
      [
        "workflow.started",
        "  id        run-1",
        "  source    test",
        "  time      2026-01-31T12:00:00Z (5m ago)",
        "  flow      run-1",
        "  userId    ada",
        "  tags      demo, blue",
        "  version   1",
        "  priority  5",
        "  size      208 B",
        "  {",
        '    "workflowId": "run-1"',
        "  }",
        "",
      ].join("\n"),
    );
    expect(code).toBe(0);
    expect((await waggle(["history", "run-1", "--json"])).json).toEqual([events[0]]);
  });

  test("exits 1 and reports an unknown id, and shows the known ones", async () => {
    const { waggle, events } = await recorded();
    const { code, err, json } = await waggle(["history", "run-1", "run-2", "--json"]);
    expect(json).toEqual([events[0]]);
    expect(err).toContain("not_found: no recorded event has the id run-2");
    expect(code).toBe(1);
  });

  test("notes a mistyped type if nothing matches", async () => {
    const { waggle } = await recorded();
    const { code, err } = await waggle(["history", "--type", "task.creatd"]);
    expect(err).toBe(
      'no recorded event matches\nnote: the catalog has no type task.creatd; did you mean "task.created"?\n',
    );
    expect(code).toBe(0);
  });

  test("shows ages and truncates data to the width on a terminal", async () => {
    const { waggle } = await recorded();
    const { out } = await waggle(["history"], {
      tty: true,
      columns: 100,
      now: () => Date.parse("2026-01-31T12:00:30Z"),
    });
    expect(out).toContain("26s ago");
    expect(out).toMatch(/…\n/);
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});
