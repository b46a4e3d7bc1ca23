import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";
import { openStream } from "./sse-stream.ts";

async function twoServers() {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const options = { peerFolder: join(path, "servers"), heartbeatMs: 20 };
  const bus = { engine: "embedded", file: join(path, "bus.db") } as const;
  return { first: await serve(options, bus), second: await serve(options, bus), peerFolder: options.peerFolder };
}

test("a session is reached at every server of the bus: its stream, what it consumes, how deliveries ended, its end", async () => {
  const { first, second } = await twoServers();
  const { json: session } = await first.send("POST", "/v1/engine/sessions", { leaseMs: 30_000 });
  const path = `/v1/engine/sessions/${session.id}`;
  const stream = await openStream(second.url, `${path}/stream`);
  expect(await stream.message()).toMatchObject({ event: "open" });
  await first.send("PUT", "/v1/subscriptions/readers", { on: "custom.*" });
  const consumers = [{ id: 1, subscription: "readers", limit: 1 }];
  expect((await second.send("POST", path, { consumers })).status).toBe(200);
  const event = await second.bus.publish({ type: "custom.a", data: {} });
  let message = await stream.message();
  while (message.event !== "delivery") message = await stream.message();
  const delivery = JSON.parse(message.data);
  expect(delivery.event).toEqual(event);
  const settle = [{ receipt: delivery.receipt, outcome: { kind: "done" } }];
  expect((await second.send("POST", path, { settle })).json).toEqual({ unknown: [] });
  expect(await first.bus.subscriptions.get("readers")).toMatchObject({ waiting: 0, running: 0 });
  // Cut off, it goes on at the other one.
  const { lastId } = stream;
  stream.cut();
  expect(await (await openStream(first.url, `${path}/stream`, lastId)).message()).toMatchObject({ event: "open" });
  expect((await second.request("DELETE", path)).status).toBe(204);
  expect((await second.send("POST", path, {})).json).toMatchObject({ status: 404, code: "not_found" });
});

test("where its server closes, the stream that another one passes on ends, and the session is not found", async () => {
  const { first, second } = await twoServers();
  const { json: session } = await first.send("POST", "/v1/engine/sessions", { leaseMs: 30_000 });
  const path = `/v1/engine/sessions/${session.id}`;
  const stream = await openStream(second.url, `${path}/stream`);
  await stream.message();
  await first.server.close();
  expect(await stream.ends()).toBe(true);
  expect((await second.send("POST", path, {})).json).toMatchObject({ status: 404, code: "not_found" });
});

test("a server that was killed is forgotten, and one that breaks off is asked again", async () => {
  const { second, peerFolder } = await twoServers();
  const session = (server: string) => `/v1/engine/sessions/${server}.${"s".repeat(22)}`;
  const gone = "gone-gone-gone-1";
  writeFileSync(join(peerFolder, `${gone}.json`), JSON.stringify({ url: `http://127.0.0.1:${await freePort()}` }));
  expect((await second.send("POST", session(gone), {})).json).toMatchObject({ status: 404, code: "not_found" });
  expect(readdirSync(peerFolder)).not.toContain(`${gone}.json`);
  const breaking = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  onTestFinished(() => void breaking.close());
  await once(breaking, "listening");
  const address = breaking.address();
  const url = `http://127.0.0.1:${address instanceof Object ? address.port : 0}`;
  writeFileSync(join(peerFolder, "breaks-breaks-br.json"), JSON.stringify({ url }));
  expect((await second.send("POST", session("breaks-breaks-br"), {})).json).toMatchObject({
    status: 503,
    code: "unavailable",
    retryable: true,
  });
});

test("a pull that waits at one server is answered once the subscription is deleted at another", async () => {
  const { first, second } = await twoServers();
  await first.send("PUT", "/v1/subscriptions/readers", { on: "custom.*" });
  const waiting = second.send("POST", "/v1/subscriptions/readers/pull", { waitMs: 60_000 });
  // It is consumed there, so that it waits.
  const event = await first.bus.publish({ type: "custom.a", data: {} });
  expect((await waiting).json.deliveries).toMatchObject([{ event: { id: event.id } }]);
  const again = second.send("POST", "/v1/subscriptions/readers/pull", { waitMs: 60_000 });
  await first.request("DELETE", "/v1/subscriptions/readers");
  expect((await again).json).toMatchObject({ status: 404, code: "not_found" });
});
