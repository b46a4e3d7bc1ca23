import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Bus, type ConnectOptions, connect, type Subscriber } from "wagglebus";
import { testBus } from "wagglebus/testing";
import { turn } from "../../../lib/testing/manual-clock.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { gate } from "./batch-bench.ts";

const type = "custom.page.read";
const page = { type, data: {} } as const;

test("a handler that closes its own subscriber waits for the other runs, and not for itself", async () => {
  const bus = testBus();
  const { opened, open } = gate();
  const ended: string[] = [];
  const subscriber: Subscriber = await bus.subscribe({ name: "readers", on: type, concurrency: 2 }, async ({ id }) => {
    if (id === "other") await opened;
    else await subscriber.close();
    ended.push(id);
  });
  await bus.publish({ ...page, id: "other" });
  await bus.publish({ ...page, id: "closing" });
  await bus.publish({ ...page, id: "later" });
  await turn();
  expect(ended).toEqual([]);
  open();
  await bus.drain();
  expect(ended).toEqual(["other", "closing"]);
  expect(await bus.metrics()).toMatchObject({ delivered: 2, running: 0, backlog: 1 });
});

test("closed from outside before, it waits for the other runs alone, and the close from outside for both", async () => {
  const bus = testBus();
  const { opened, open } = gate();
  const ended: string[] = [];
  const subscriber: Subscriber = await bus.subscribe({ on: type }, async () => {
    await opened;
    await subscriber.close();
    ended.push("handler");
  });
  await bus.publish(page);
  const closing = subscriber.close().then(() => ended.push("close"));
  await turn();
  open();
  await closing;
  expect(ended).toEqual(["handler", "close"]);
  expect(await bus.metrics()).toMatchObject({ delivered: 1, running: 0 });
});

test("a close that its own run began without awaiting it is waited for by one from outside", async () => {
  const bus = testBus();
  const { opened, open } = gate();
  const ended: string[] = [];
  const subscriber: Subscriber = await bus.subscribe({ on: type }, async () => {
    void subscriber.close();
    await opened;
    ended.push("handler");
  });
  await bus.publish(page);
  const closing = subscriber.close().then(() => ended.push("close"));
  await turn();
  expect(ended).toEqual([]);
  open();
  await closing;
  expect(ended).toEqual(["handler", "close"]);
});

test("a batch that closes its own subscriber does not wait for itself, nor within one of its events", async () => {
  for (const inside of [true, false]) {
    const bus = testBus();
    const subscriber: Subscriber = await bus.subscribe(
      { on: type, concurrency: 4 },
      async ([first], { causedBy }) => {
        if (inside && first !== undefined) await causedBy(first, () => subscriber.close());
        else await subscriber.close();
      },
      { batch: { size: 2 } },
    );
    await bus.publish(page);
    await bus.publish(page);
    await bus.drain();
    expect(await bus.metrics()).toMatchObject({ delivered: 2, running: 0 });
  }
});

test("the timeout of a run that has closed its subscriber is still watched", async () => {
  const bus = testBus();
  const subscriber: Subscriber = await bus.subscribe(
    { name: "readers", on: type, attempts: 1, timeout: "1s" },
    async (_, { signal }) => {
      await subscriber.close();
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  );
  await bus.publish(page);
  await turn();
  await bus.clock.advance("1s");
  expect((await bus.deadLetters.list()).deadLetters).toMatchObject([{ reason: { code: "timeout" } }]);
});

type EngineOptions = Pick<ConnectOptions, "engine" | "file">;

async function embedded(): Promise<EngineOptions> {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  return { engine: "embedded", file: join(path, "bus.db") };
}

test.each<[string, () => Promise<EngineOptions>]>([
  ["memory", async () => ({ engine: "memory" })],
  ["embedded", embedded],
])("a handler on %s that closes its bus does not wait for itself; its delivery is done", async (_, options) => {
  const settings = { ...(await options()), source: "test", grace: "1h" } as const;
  const errors: unknown[] = [];
  const bus: Bus = await connect({ ...settings, onError: (error) => errors.push(error) });
  const { opened, open } = gate();
  await bus.subscribe({ name: "readers", on: type }, async () => {
    await bus.close();
    await expect(bus.publish(page)).rejects.toMatchObject({ code: "closed" });
    open();
  });
  await bus.publish(page);
  await opened;
  await bus.close();
  expect(errors).toEqual([]);
  if (settings.engine !== "embedded") return;
  await using next = await connect(settings);
  expect(await next.subscriptions.get("readers")).toMatchObject({ waiting: 0, delayed: 0, running: 0, deadLetters: 0 });
});
