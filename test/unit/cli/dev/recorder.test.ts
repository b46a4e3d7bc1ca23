import { expect, test } from "vitest";
import { testBus } from "wagglebus/testing";
import { Recorder } from "../../../../lib/cli/dev/recorder.ts";

test("counts what comes by type; what was there before is not told", async () => {
  const bus = testBus();
  await bus.emit.task.created({ taskId: "before" });
  const recorder = new Recorder(bus.history, new AbortController().signal, async () => {});
  for (const taskId of ["a", "b"]) await bus.emit.task.created({ taskId });
  await bus.emit.task.completed({ taskId: "a" });
  await recorder.caughtUp();
  expect(Object.fromEntries(recorder.countByType)).toEqual({ "task.created": 2, "task.completed": 1 });
});

test("has caught up only when the last event has been taken", async () => {
  const bus = testBus();
  const seen: string[] = [];
  const recorder = new Recorder(bus.history, new AbortController().signal, async ({ id }) => {
    await new Promise(setImmediate);
    seen.push(id);
  });
  const events = await Promise.all(["a", "b", "c"].map((taskId) => bus.emit.task.created({ taskId })));
  await recorder.caughtUp();
  expect(seen).toEqual(events.map(({ id }) => id));
  // Nothing has come since.
  await recorder.caughtUp();
});

test("with nothing recorded it has caught up at once", async () => {
  const bus = testBus();
  await new Recorder(bus.history, new AbortController().signal, async () => {}).caughtUp();
  await bus.emit.task.created({ taskId: "before" });
  await new Recorder(bus.history, new AbortController().signal, async () => {}).caughtUp();
});

test("ends when the signal fires", async () => {
  const bus = testBus();
  const stop = new AbortController();
  const recorder = new Recorder(bus.history, stop.signal, async () => {});
  stop.abort();
  await recorder.ended;
});

test("where history cannot be read, whoever waits is told", async () => {
  const bus = testBus();
  const oh = new Error("oh");
  const history: typeof bus.history = {
    ...bus.history,
    // biome-ignore lint/correctness/useYield: it fails before its first event
    tail: async function* () {
      throw oh;
    },
  };
  const recorder = new Recorder(history, new AbortController().signal, async () => {});
  await bus.emit.task.created({ taskId: "a" });
  await expect(recorder.caughtUp()).rejects.toBe(oh);
  await expect(recorder.ended).rejects.toBe(oh);
});
