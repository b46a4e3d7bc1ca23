import { describe, expect, test } from "vitest";
import { NonRetriableError } from "../../../../lib/delivery/handler-errors.ts";
import { workspace } from "../test-io.ts";

/** Creates two dead letters of `readers` and one of `writers`, and returns them newest first, as `dlq list` does. */
async function withDeadLetters() {
  const space = workspace();
  await space.bus(async (bus) => {
    let remaining = 3;
    const dead = Promise.withResolvers<void>();
    const fail = (message: string) => () => {
      remaining -= 1;
      if (remaining === 0) dead.resolve();
      throw new NonRetriableError(message);
    };
    const readers = await bus.subscribe({ name: "readers", on: "task.created" }, fail("cannot \u001b[2Jread"));
    const writers = await bus.subscribe({ name: "writers", on: "custom.*" }, fail("cannot write"));
    await bus.publish({ type: "task.created", data: { taskId: "a" }, metadata: { correlationId: "run" } });
    await bus.publish({ type: "task.created", data: { taskId: "b" } });
    await bus.publish({ type: "custom.note", data: {} });
    await dead.promise;
    await Promise.all([readers.close(), writers.close()]);
  });
  const { deadLetters } = await space.bus((bus) => bus.deadLetters.list());
  return { ...space, deadLetters };
}

describe("dlq list and show", () => {
  test("list dead letters with the reason, safe for a terminal", async () => {
    const { waggle, deadLetters } = await withDeadLetters();
    const { code, out } = await waggle(["dlq"]);
    expect(out).toMatch(/^DIED +ID +SUBSCRIPTION +TYPE +ATTEMPTS +REASON\n/);
    for (const { id, subscription } of deadLetters) expect(out).toContain(`${id}  ${subscription}`);
    expect(out).toContain("1  non_retriable: cannot \\u001b[2Jread");
    expect(code).toBe(0);
    expect((await waggle(["dlq", "list", "--json"])).json).toEqual(deadLetters);
  });

  test.each([
    [["--subscription", "readers"], 2],
    [["--type", "custom.*"], 1],
    [["--correlation-id", "run"], 1],
    [["--event-id", "none"], 0],
    [["--code", "non_retriable"], 3],
    [["--code", "timeout"], 0],
    [["--since", "1h"], 3],
    [["--until", "1h"], 0],
    [["--limit", "2"], 2],
  ])("filter by %j", async (argv, count) => {
    const { waggle } = await withDeadLetters();
    expect((await waggle(["dlq", "list", "--json", ...argv])).json).toHaveLength(count);
  });

  test("show one dead letter with its attempts, stack and event", async () => {
    const { waggle, deadLetters } = await withDeadLetters();
    const [shown] = deadLetters.filter(({ subscription }) => subscription === "writers");
    const { code, out } = await waggle(["dlq", "show", shown?.id ?? ""]);
    for (const part of [
      "subscription  writers",
      "non_retriable cannot write",
      "1 failed attempt",
      "  attempt 1",
      "stack",
      "custom.note\n",
    ]) {
      expect(out).toContain(part);
    }
    expect(out).toMatch(/\n {2} {4}at .*dlq\.test\.ts/);
    expect(code).toBe(0);
  });

  test("exit 1 for an unknown id, and say so if nothing matches", async () => {
    const { waggle } = await withDeadLetters();
    expect(await waggle(["dlq", "show", "none"])).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^not_found: /),
    });
    expect((await waggle(["dlq", "--code", "timeout"])).err).toBe("there are no dead letters that match\n");
  });
});

describe("dlq redrive and discard", () => {
  test("by id settle the existing dead letters and report the others", async () => {
    const { waggle, deadLetters } = await withDeadLetters();
    const [first] = deadLetters;
    const { code, out, err } = await waggle(["dlq", "discard", first?.id ?? "", "none"]);
    expect(out).toBe("✓ 1 dead letter discarded\n");
    expect(err).toMatch(/^✗ none: there is no dead letter none/);
    expect(code).toBe(1);
    expect((await waggle(["dlq", "--json"])).json).toEqual(deadLetters.slice(1));
  });

  test("redrive by option returns deliveries to the subscription that failed", async () => {
    const { waggle } = await withDeadLetters();
    const { code, json } = await waggle(["dlq", "redrive", "--subscription", "readers", "--json"]);
    expect(json).toMatchObject([{ ok: true }, { ok: true }]);
    expect(code).toBe(0);
    const states = (await waggle(["subscriptions", "--json"])).json;
    expect(states).toMatchObject([
      { record: { name: "readers" }, waiting: 2, deadLetters: 0 },
      { record: { name: "writers" }, waiting: 0, deadLetters: 1 },
    ]);
  });

  test("--all asks for confirmation on a terminal", async () => {
    const { waggle } = await withDeadLetters();
    const no = await waggle(["dlq", "discard", "--all"], { tty: true, stdin: "n\n" });
    expect(no).toMatchObject({ code: 1, err: "Really discard every dead letter? [y/N] nothing was done\n" });
    const nothing = await waggle(["dlq", "discard", "--all"], { tty: true });
    expect(nothing.code).toBe(1);
    const yes = await waggle(["dlq", "discard", "--all"], { tty: true, stdin: "y\n" });
    expect(yes).toMatchObject({ code: 0, out: "✓ 3 dead letters discarded\n" });
  });

  test("--all requires --yes without a terminal", async () => {
    const { waggle } = await withDeadLetters();
    const unconfirmed = await waggle(["dlq", "redrive", "--all"]);
    expect(unconfirmed.err).toContain("Confirm with --yes.");
    expect(unconfirmed.code).toBe(2);
    const confirmed = await waggle(["dlq", "redrive", "--all", "--yes"]);
    expect(confirmed).toMatchObject({ code: 0, out: "✓ 3 dead letters redriven\n" });
    expect(await waggle(["dlq", "redrive", "--all", "-y"])).toMatchObject({ code: 0, out: "no dead letter matches\n" });
  });
});
