import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Bus, connect } from "wagglebus";
import { temporaryDirectory } from "../support/temporary-directory.ts";

// A durable subscription of an earlier run had work that no process handled: `settled` waited for 30 s, and said only that
// something was pending.
async function open(engine: "memory" | "embedded") {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const warnings: unknown[] = [];
  const ignore = () => {};
  const logger = {
    debug: ignore,
    info: ignore,
    warn: (_: string, fields?: object) => warnings.push(fields),
    error: ignore,
  };
  const options = engine === "memory" ? { engine } : { engine, file: join(path, "bus.db") };
  const connectAgain = () => connect({ ...options, source: "regression", logger });
  return { bus: await connectAgain(), connectAgain, warnings };
}

/** The error of a `settled` that does not wait. */
async function unsettled(bus: Bus, id: string): Promise<unknown> {
  return bus.settled(id, { timeout: 0 }).catch((thrown: unknown) => thrown);
}

const orphan = { name: "orphan", on: "task.created" };
const command = "waggle subscriptions delete orphan";

test.each(["memory", "embedded"] as const)(
  "%s: it is named at once, with the command that deletes it",
  async (engine) => {
    const { bus, warnings } = await open(engine);
    await using _ = bus;
    await (await bus.subscribe(orphan, () => {})).close();
    const { id } = await bus.emit.task.created({ taskId: "a" });
    expect(await unsettled(bus, id)).toMatchObject({
      code: "timeout",
      message: expect.stringContaining(command),
      details: { unhandled: ["orphan"], commands: [command], pending: [{ subscription: "orphan", handled: false }] },
    });
    expect(warnings).toEqual([{ subscription: "orphan", correlationId: id, command }]);
    expect((await bus.history.flow(id)).pending).toMatchObject([{ handled: false }]);
    await bus.subscribe(orphan, () => {});
    expect(await bus.settled(id)).toMatchObject({ status: "completed" });
  },
);

test("embedded: what another process may handle is not called unhandled", async () => {
  const { bus, connectAgain, warnings } = await open("embedded");
  await using _ = bus;
  await (await bus.subscribe(orphan, () => {})).close();
  const { id } = await bus.emit.task.created({ taskId: "a" });
  const other = await connectAgain();
  expect(await unsettled(bus, id)).toMatchObject({ details: expect.not.objectContaining({ unhandled: ["orphan"] }) });
  expect(warnings).toEqual([]);
  await other.close();
  expect(await unsettled(bus, id)).toMatchObject({ details: { unhandled: ["orphan"] } });
});
