import { afterAll, beforeAll, expect, test } from "vitest";
import { type BusError, connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { eventually } from "../support/eventually.ts";
import { PostgresServer } from "./support/server.ts";

const type = "custom.restarted";

let server: PostgresServer;
beforeAll(async () => {
  server = await PostgresServer.start();
});
afterAll(() => server.stop());

test("a server that ends at once and comes back: what was accepted is delivered, calls meanwhile can be made again, and all goes on", async () => {
  const errors: BusError[] = [];
  const options = { source: "test", onError: (error: BusError) => errors.push(error) };
  const open = () => connect({ engine: postgresEngine({ url: server.url }), ...options });
  const [bus, other] = await Promise.all([open(), open()]);
  const started: string[] = [];
  const handled: string[] = [];
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await bus.subscribe({ name: "held", on: type, backoff: { from: 1, to: 2 } }, async ({ id }) => {
    started.push(id);
    if (started.length === 1) await held;
    handled.push(id);
  });
  const tailed: string[] = [];
  const ending = new AbortController();
  let tailFailed = false;
  const tail = (async () => {
    for await (const { id } of other.history.tail({ type }, { signal: ending.signal })) tailed.push(id);
  })().catch((error: unknown) => {
    tailFailed = true;
    return error;
  });

  const before = await bus.publish({ type, data: {} });
  await eventually("it runs", () => started.length === 1);
  await server.kill();
  await expect(bus.publish({ type, data: {} })).rejects.toMatchObject({ code: "unavailable", retryable: true });
  await expect(other.history.get(before.id)).rejects.toMatchObject({ code: "unavailable", retryable: true });
  // It ends while nobody can take that down.
  release();
  await eventually("it has ended", () => handled.length === 1);
  await server.resume();

  const after = await other.publish({ type, data: {} });
  await eventually("what comes after is handled", () => handled.includes(after.id), 20_000);
  await bus.settled(after.id, { timeout: "20s" });
  await bus.settled(before.id, { timeout: "20s" });
  // Neither of them was away for so long that the other would have taken over its work.
  expect(handled).toEqual([before.id, after.id]);
  expect(errors.every(({ code }) => code === "unavailable")).toBe(true);
  // A tail fails with the server; whoever goes on from its last event misses nothing.
  await eventually("the tail has failed, or read as far", () => tailFailed || tailed.includes(after.id));
  ending.abort();
  const failed = await tail;
  if (failed === undefined) expect(tailed).toEqual([before.id, after.id]);
  else expect(failed).toMatchObject({ code: "unavailable" });
  await Promise.all([bus.close(), other.close()]);
});
