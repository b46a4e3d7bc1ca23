import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../../lib/engine/contract/eventually.ts";
import { type Bus, connect } from "../../lib/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { startServerProcess } from "./http-adapter.ts";

/** A server on a file, which can be killed and started again at the same address, and buses on it. */
async function restartable() {
  const { path, remove } = await temporaryDirectory();
  const file = join(path, "bus.db");
  let server = await startServerProcess("embedded", file);
  const { url } = server;
  const buses: Bus[] = [];
  onTestFinished(async () => {
    await Promise.all(buses.map((bus) => bus.close()));
    await server.kill();
    await remove();
  });
  return {
    kill: () => server.kill(),
    start: async () => {
      server = await startServerProcess("embedded", file, Number(new URL(url).port));
    },
    connect: async () => {
      const bus = await connect({ engine: "http", url, source: "test", logLevel: "silent", grace: 1 });
      buses.push(bus);
      return bus;
    },
  };
}

test("a server that is killed and started again loses nothing that was accepted, and runs nothing twice", {
  timeout: 120_000,
}, async () => {
  const { kill, start, connect: open } = await restartable();
  const bus = await open();
  const runs = new Map<string, number>();
  let atOnce = 0;
  let mostAtOnce = 0;
  await bus.subscribe(
    { name: "readers", on: "custom.*", ordered: "data.key", backoff: { from: 1, to: 1 } },
    async (event) => {
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      runs.set(event.id, (runs.get(event.id) ?? 0) + 1);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
    },
  );
  const accepted: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const publishing = Array.from({ length: 20 }, (_, n) => bus.publish({ type: "custom.a", data: { key: "one", n } }));
    await eventually("some are accepted", async () => (await Promise.race([...publishing, undefined])) !== undefined);
    await kill();
    const more = bus.publish({ type: "custom.b", data: { key: "one" } });
    await start();
    for (const { id } of await Promise.all([...publishing, more])) accepted.push(id);
  }
  await eventually("all are handled", () => accepted.every((id) => runs.has(id)), 60_000);
  expect(new Set(accepted).size).toBe(63);
  expect(mostAtOnce).toBe(1);
  // Only what had ended, and was not recorded when the server was killed, could have come again: its outcome stands for it.
  expect([...runs.values()].every((count) => count === 1)).toBe(true);
});

test("a handler that runs while its server is killed is not run again meanwhile, and its outcome counts", {
  timeout: 120_000,
}, async () => {
  const { kill, start, connect: open } = await restartable();
  const bus = await open();
  const attempts: number[] = [];
  let end: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    end = resolve;
  });
  await bus.subscribe({ name: "readers", on: "custom.a", backoff: { from: 1, to: 1 } }, async (_, { attempt }) => {
    attempts.push(attempt);
    await gate;
  });
  const event = await bus.publish({ type: "custom.a", data: {} });
  await eventually("it runs", () => attempts.length === 1);
  await kill();
  await start();
  await eventually("it was taken over", async () => (await bus.subscriptions.get("readers"))?.running === 1, 30_000);
  end();
  await bus.settled(event.id, { timeout: "30s" });
  expect(attempts).toEqual([1]);
  expect((await bus.deadLetters.list()).deadLetters).toEqual([]);
});

test("who waits and who tails goes on over a restart", { timeout: 120_000 }, async () => {
  const { kill, start, connect: open } = await restartable();
  const bus = await open();
  const seen: string[] = [];
  const tailing = (async () => {
    for await (const { id } of bus.history.tail({ type: "custom.*" })) {
      seen.push(id);
      if (seen.length === 2) return;
    }
  })();
  const waiting = bus.waitFor("custom.second", { timeout: "50s" });
  const first = await bus.publish({ type: "custom.first", data: {} });
  await eventually("it is seen", () => seen.length === 1);
  await kill();
  await start();
  const second = await (await open()).publish({ type: "custom.second", data: {} });
  expect(await waiting).toEqual(second);
  await tailing;
  expect(seen).toEqual([first.id, second.id]);
});
