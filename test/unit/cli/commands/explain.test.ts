import { expect, test } from "vitest";
import { NonRetriableError } from "../../../../lib/delivery/handler-errors.ts";
import { workspace } from "../test-io.ts";

async function explained() {
  const space = workspace();
  const id = await space.bus(async (bus) => {
    await bus.subscribe({ name: "readers", on: "task.created", where: { data: { kind: ["document"] } } }, () => {});
    await bus.subscribe({ name: "strict", on: "task.*" }, () => {
      throw new NonRetriableError("no\u001b[2Jsuch page");
    });
    await bus.subscribe({ name: "logger", on: "*" }, () => {});
    const event = await bus.publish({ type: "task.created", id: "task", data: { taskId: "a", kind: "image" } });
    await bus.settled(event.metadata.correlationId);
    return event.id;
  });
  return { ...space, id };
}

test("explains which clause excluded an event, and the nearest edit", async () => {
  const { waggle, id } = await explained();
  const { code, out } = await waggle(["explain", id, "readers"]);
  expect(out).toBe(
    [
      "✗ not matched: task.created task in readers",
      '  readers does not want it: where.data.kind expects "document", but the event has "image"',
      '  data.kind: expected "document"; found "image"',
      '    nearest edit: add "image"',
      '  fix: to make it match, change where.data.kind: add "image"',
      "",
    ].join("\n"),
  );
  expect(code).toBe(0);
});

test("explains how a delivery ended, and prints nothing that a terminal acts on", async () => {
  const { waggle, id } = await explained();
  const dead = await waggle(["explain", id, "strict"]);
  expect(dead.out).toMatch(
    /^✗ dead: task\.created task in strict\n {2}it is a dead letter after 1 attempt: non_retriable: no\\u001b\[2Jsuch page\n {2}fix: remove the cause, then redrive dead letter \S+\n$/,
  );
  const done = await waggle(["explain", id, "logger"]);
  expect(done.out).toMatch(
    /^✓ done: task\.created task in logger\n {2}it was handled, at \S+Z\n {2}done \S+Z after \S+ {2}ran \S+\n {2}fix: /,
  );
});

test("prints the whole explanation with --json, and exits 1 for what does not exist", async () => {
  const { waggle, id } = await explained();
  const { json } = await waggle(["explain", id, "readers", "--json"]);
  expect(json).toMatchObject([
    { eventId: id, status: "not_matched", reason: "where", edits: [{ path: "data.kind", add: "image" }] },
  ]);
  const unknown = await waggle(["explain", id, "reader"]);
  expect(unknown).toMatchObject({
    code: 1,
    err: 'not_found: there is no subscription reader; did you mean "readers"?\n',
  });
  expect(await waggle(["explain", "none", "readers"])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^not_found: /),
  });
  expect(await waggle(["explain", id])).toMatchObject({ code: 2 });
});
