import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../../lib/index.ts";
import { testBus } from "../../../lib/testing/test-bus.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

// Two modules of one process subscribed with the same name and different handlers: each got a part of the events, in silence.
const readers = { name: "readers", on: "task.created" } as const;
const refused = {
  code: "invalid_config",
  message: expect.stringMatching(/^subscription readers has another handler in this process already.*shared: true/),
  details: { subscription: "readers" },
};

test("a second handler under one name is refused, and the first goes on", async () => {
  const bus = testBus();
  const seen: string[] = [];
  await bus.subscribe(readers, ({ id }) => seen.push(id));
  await expect(bus.subscribe({ ...readers, attempts: 9 }, () => {})).rejects.toMatchObject(refused);
  expect((await bus.subscriptions.get("readers"))?.record.attempts).toBe(5);
  const { id } = await bus.emit.task.created({ taskId: "a" });
  await bus.drain();
  expect(seen).toEqual([id]);
});

test("so are two that subscribe at once", async () => {
  const bus = testBus();
  const both = await Promise.allSettled([bus.subscribe(readers, () => {}), bus.subscribe(readers, () => {})]);
  expect(both).toMatchObject([{ status: "fulfilled" }, { status: "rejected", reason: refused }]);
});

test("the same handler with another filter is another; the filter would drop what is the other's", async () => {
  const bus = testBus();
  const handler = () => {};
  await bus.subscribe(readers, handler);
  await expect(bus.subscribe(readers, handler, { filter: () => true })).rejects.toMatchObject(refused);
});

test("the same function several times, and handlers that are all shared, compete", async () => {
  const bus = testBus();
  const handler = () => {};
  await bus.subscribe(readers, handler);
  await bus.subscribe(readers, handler);
  const writers = { ...readers, name: "writers" };
  const seen: string[] = [];
  await bus.subscribe(writers, ({ id }) => seen.push(id), { shared: true });
  await bus.subscribe(writers, ({ id }) => seen.push(id), { shared: true });
  await expect(bus.subscribe(writers, () => {})).rejects.toMatchObject({ code: "invalid_config" });
  const published = await Promise.all(["a", "b", "c"].map((taskId) => bus.emit.task.created({ taskId })));
  await bus.drain();
  expect(seen.toSorted()).toEqual(published.map(({ id }) => id).toSorted());
});

test("a name is free again once its subscriber is closed, or could not subscribe", async () => {
  const bus = testBus();
  const first = await bus.subscribe(readers, () => {});
  const closing = first.close();
  await bus.subscribe(readers, () => {});
  await closing;
  const late = { ...readers, name: "late", on: "no.such.type" };
  await expect(Reflect.apply(bus.subscribe, bus, [late, () => {}])).rejects.toMatchObject({ code: "unknown_type" });
  await bus.subscribe({ ...readers, name: "late" }, () => {});
});

test("subscriptions without a name, and buses on stores of their own, share nothing", async () => {
  const [bus, other] = [testBus(), testBus()];
  for (const one of [bus, bus, other]) await one.subscribe({ on: "task.created" }, () => {});
  for (const one of [bus, other]) await one.subscribe(readers, () => {});
});

test("two buses of a process on one file are one in this, by whatever path they name it", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  await symlink(path, join(path, "link"));
  const open = (file: string) =>
    connect({ engine: "embedded", file: join(path, file), source: "test", logLevel: "error" });
  const [bus, same, other] = [await open("bus.db"), await open("link/bus.db"), await open("other.db")];
  const handler = () => {};
  const first = await bus.subscribe(readers, handler);
  await expect(same.subscribe(readers, () => {})).rejects.toMatchObject(refused);
  await same.subscribe(readers, handler);
  await other.subscribe(readers, () => {});
  for (const shares of [bus, same]) await shares.subscribe({ ...readers, name: "writers" }, () => {}, { shared: true });
  await first.close();
  await same.close();
  await bus.subscribe(readers, () => {});
  await Promise.all([bus.close(), other.close()]);
});

test.each([{ shared: "yes" }, { shared: null }])("%j is refused", async (options) => {
  const bus = testBus();
  await expect(Reflect.apply(bus.subscribe, bus, [readers, () => {}, options])).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("shared must be a boolean"),
  });
});
