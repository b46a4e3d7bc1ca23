import { describe, expect, test } from "vitest";
import { workspace } from "../test-io.ts";

/** Creates `readers` with two waiting deliveries, and `idle` without any. */
async function withSubscriptions() {
  const space = workspace();
  const ids = await space.bus(async (bus) => {
    const readers = await bus.subscribe(
      { name: "readers", on: "task.*", where: { data: { taskId: [{ prefix: "t" }] } }, ordered: "data.taskId" },
      () => {},
    );
    await readers.close();
    const idle = await bus.subscribe({ name: "idle", on: "memory.*" }, () => {});
    await idle.close();
    const one = await bus.publish({ type: "task.created", data: { taskId: "t1" } });
    const two = await bus.publish({ type: "task.created", data: { taskId: "t2" } });
    await bus.publish({ type: "custom.other", data: {} });
    return [one.id, two.id];
  });
  return { ...space, ids };
}

describe("subscriptions", () => {
  test("lists subscriptions with their backlog", async () => {
    const { waggle } = await withSubscriptions();
    const { code, out } = await waggle(["subscriptions"]);
    expect(out.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
      [
        ...["NAME", "STATE", "WAITING", "DELAYED", "RUNNING", "OLDEST"],
        ...["DONE/MIN", "FAILED/MIN", "RUN P95", "WAIT P95", "DEAD", "ON"],
      ],
      [
        ...["readers", "unhandled", "2", "0", "0", expect.stringMatching(/^\d+m?s$|^\d\.\ds$/)],
        ...["-", "-", "-", "-", "0", "task.*"],
      ],
      ["idle", "unhandled", "0", "0", "0", "-", "-", "-", "-", "-", "0", "memory.*"],
      [""],
    ]);
    expect(code).toBe(0);
  });

  test("shows one subscription with its settings", async () => {
    const { waggle } = await withSubscriptions();
    const { out } = await waggle(["subscriptions", "show", "readers"]);
    for (const line of [
      'where         {"data":{"taskId":[{"prefix":"t"}]}}',
      "ordered       by data.taskId",
      "backoff       1s to 5m",
    ]) {
      expect(out).toContain(`  ${line}\n`);
    }
    const { json } = await waggle(["subscriptions", "show", "readers", "--json"]);
    expect(json).toMatchObject([{ record: { name: "readers" }, waiting: 2 }]);
  });

  test("pauses and resumes, and says what waits and whether that changed something", async () => {
    const { waggle } = await withSubscriptions();
    expect(await waggle(["subscriptions", "pause", "readers"])).toMatchObject({
      code: 0,
      out: "paused readers, 2 deliveries to come\n",
    });
    expect((await waggle(["subscriptions"])).out).toMatch(/^readers +paused +2 /m);
    expect((await waggle(["subscriptions", "show", "readers"])).out).toContain("  state         paused\n");
    expect((await waggle(["subscriptions", "pause", "readers"])).out).toContain("readers was paused already");
    expect((await waggle(["subscriptions", "resume", "readers", "--json"])).json).toEqual([
      { name: "readers", paused: false, changed: true, waiting: 2, delayed: 0 },
    ]);
    expect((await waggle(["subscriptions", "resume", "readers"])).out).toContain("readers was not paused,");
    const unknown = await waggle(["subscriptions", "pause", "reader"]);
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('did you mean "readers"?') });
  });

  test("says how fast deliveries end, and how long they take", async () => {
    const space = workspace();
    await space.bus(async (bus) => {
      const subscriber = await bus.subscribe({ name: "readers", on: "task.*" }, () => {});
      const { id } = await bus.publish({ type: "task.created", data: { taskId: "t1" } });
      await bus.settled(id);
      await subscriber.close();
    });
    const { out } = await space.waggle(["subscriptions", "show", "readers"]);
    expect(out).toContain("  rates         0.2 handled, 0 failed, 0 dead a minute, in the last 5m");
    const { json } = await space.waggle(["subscriptions", "--json"]);
    expect(json).toMatchObject([
      { rates: { overMs: 300_000, handledPerMinute: 0.2, runMs: { p95: expect.any(Number) } } },
    ]);
  });

  test("suggests the nearest name, or lists all, for an unknown name", async () => {
    const { waggle } = await withSubscriptions();
    expect((await waggle(["subscriptions", "show", "reader"])).err).toContain('did you mean "readers"?');
    const { code, err } = await waggle(["subscriptions", "delete", "completely-else"]);
    expect(err).toContain("the subscriptions are readers, idle");
    expect(code).toBe(1);
  });

  test("deletes a subscription, and asks for confirmation if it has a backlog", async () => {
    const { waggle } = await withSubscriptions();
    expect(await waggle(["subscriptions", "delete", "idle"])).toMatchObject({
      code: 0,
      out: "deleted idle, 0 undelivered events\n",
    });
    expect((await waggle(["subscriptions", "delete", "readers"])).code).toBe(2);
    expect((await waggle(["subscriptions", "delete", "readers"], { tty: true, stdin: "no\n" })).code).toBe(1);
    expect((await waggle(["subscriptions", "delete", "readers", "--yes", "--json"])).json).toEqual([
      { name: "readers", deleted: true, undelivered: 2 },
    ]);
    expect((await waggle(["subscriptions"])).err).toBe("there are no subscriptions\n");
  });
});

describe("replay", () => {
  test("only counts in a dry run", async () => {
    const { waggle } = await withSubscriptions();
    const { code, out } = await waggle(["replay", "--to", "*", "--type", "task.*", "--dry-run"]);
    expect(out).toBe("2 events would make 2 deliveries (dry run)\n  readers  2\n  idle     0\n");
    expect(code).toBe(0);
    expect((await waggle(["subscriptions", "show", "readers", "--json"])).json).toMatchObject([{ waiting: 2 }]);
  });

  test("queues the events with the given ids", async () => {
    const { waggle, ids } = await withSubscriptions();
    const { json } = await waggle(["replay", "--to", "readers", ids[0] ?? "", "--json"]);
    expect(json).toMatchObject([{ dryRun: false, events: 1, deliveries: { readers: 1 }, id: expect.any(String) }]);
    expect((await waggle(["subscriptions", "show", "readers", "--json"])).json).toMatchObject([{ waiting: 3 }]);
  });

  test("replays the whole history only with --all and a confirmation", async () => {
    const { waggle } = await withSubscriptions();
    expect((await waggle(["replay", "--to", "readers", "--all", "--type", "x"])).err).toContain(
      "--all and ids or options such as --type cannot be used together",
    );
    expect((await waggle(["replay", "--to", "readers", "--all"], { tty: true, stdin: "\n" })).code).toBe(1);
    expect((await waggle(["replay", "--to", "readers", "--all"], { tty: true, stdin: "yes\n" })).out).toMatch(
      /^3 events made 2 deliveries, replay /,
    );
  });

  test("refuses --from-archive with other filters, and on an engine without an archive", async () => {
    const { waggle } = await withSubscriptions();
    const archive = ["replay", "--to", "readers", "--from-archive"];
    expect(await waggle([...archive, "--type", "task.*"])).toMatchObject({
      code: 2,
      err: expect.stringContaining("--from-archive requires --since"),
    });
    expect((await waggle([...archive, "--since", "1d", "--dry-run"])).err).toContain(
      "--from-archive and --dry-run cannot be used together",
    );
    expect((await waggle([...archive, "--since", "1d", "--all"])).err).toContain("cannot be used together");
    expect(await waggle([...archive, "--since", "1d"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("the embedded engine has no archive"),
    });
    expect((await waggle(["subscriptions", "show", "readers", "--json"])).json).toMatchObject([{ waiting: 2 }]);
  });

  test("suggests the nearest name for an unknown subscription or type", async () => {
    const { waggle } = await withSubscriptions();
    const { code, err } = await waggle(["replay", "--to", "reader", "--type", "task.*"]);
    expect(err).toMatch(/^not_found: .*did you mean "?readers"?\?/);
    expect(code).toBe(1);
    expect((await waggle(["replay", "--to", "readers", "--type", "task.creatd"])).err).toContain("task.created");
  });
});

describe("stats", () => {
  test("counts events by type, with bars", async () => {
    const { waggle } = await withSubscriptions();
    expect((await waggle(["stats"])).out).toBe(
      [
        "TYPE          EVENTS",
        "custom.other       1  ████████████",
        "task.created       2  ████████████████████████",
        "3 events of 2 types",
        "",
      ].join("\n"),
    );
  });

  test("counts events by window and type, as JSON", async () => {
    const { waggle } = await withSubscriptions();
    const { json } = await waggle(["stats", "--window", "1d", "--type", "task.*", "--since", "1d", "--json"]);
    expect(json).toEqual([{ from: expect.stringMatching(/T00:00:00/), type: "task.created", count: 2 }]);
  });

  test("reports an invalid window, and says so if nothing matches", async () => {
    const { waggle } = await withSubscriptions();
    expect((await waggle(["stats", "--window", "10s"])).err).toMatch(/^invalid_config: .*whole minutes/);
    const { code, err } = await waggle(["stats", "--type", "task.creatd"]);
    expect(err).toContain("no recorded event matches\n");
    expect(err).toContain("task.created");
    expect(code).toBe(0);
  });
});
