import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Bus, connect } from "wagglebus";
import { createServer, type ServeOptions } from "wagglebus/server";
import { TokenFile } from "../../../lib/server/access/token-file.ts";
import { createToken } from "../../../lib/server/access/tokens.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

async function created(options: ServeOptions) {
  const bus = await connect({ engine: "memory", source: "test", logLevel: "silent" });
  const server = await createServer(bus, options);
  onTestFinished(async () => {
    await server.close();
    await bus.close();
  });
  const ask = (path: string, init: RequestInit = {}) => server.fetch(new Request(`http://localhost${path}`, init));
  return { bus, server, ask };
}

const publish: RequestInit = {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: '{"type":"custom.a","data":{}}',
};

test("its fetch answers for the bus, streams included, without a port", async () => {
  const { bus, ask } = await created({ needsToken: false });
  const gone = new AbortController();
  const tail = await ask("/v1/tail", { signal: gone.signal });
  const reader = tail.body?.pipeThrough(new TextDecoderStream()).getReader();
  const answer = await ask("/v1/events", publish);
  expect(answer.status).toBe(200);
  const { results } = Object(await answer.json());
  expect(await bus.history.get(results[0].event.id)).toEqual(results[0].event);
  let text = "";
  while (!text.includes(results[0].event.id)) text += (await reader?.read())?.value ?? "";
  gone.abort();
  expect((await ask("/v1/nothing")).status).toBe(404);
});

test("it needs a token unless it is told otherwise, and refuses names that are not its own", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const tokenFile = join(path, "tokens.json");
  const { text, stored } = createToken({ roles: ["publish"] }, { now: Date.now(), expiresAt: Date.now() + 60_000 });
  await new TokenFile(tokenFile).add(stored, 0);
  const { ask, server } = await created({ tokenFile, hosts: ["bus.example.com"] });
  expect((await ask("/v1/events", publish)).status).toBe(401);
  const authorization = `Bearer ${text}`;
  expect((await ask("/v1/events", { ...publish, headers: { ...publish.headers, authorization } })).status).toBe(200);
  expect((await server.fetch(new Request("https://bus.example.com/healthz"))).status).toBe(200);
  expect((await server.fetch(new Request("https://evil.example/healthz"))).status).toBe(421);
});

test("it listens where it is told to, until it is closed; the bus stays open", async () => {
  const { bus, server } = await created({ port: 0, needsToken: false });
  const { port, url } = await server.listen();
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect((await fetch(`${url}/v1/events`, publish)).status).toBe(200);
  await server.close();
  await server.close();
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  expect((await bus.history.query()).events).toHaveLength(1);
});

test("it serves the bus of a test too, and refuses what is none of its own", async () => {
  const bus = testBus();
  const server = await createServer(bus, { needsToken: false });
  expect((await server.fetch(new Request("http://localhost/readyz"))).status).toBe(200);
  await server.close();
  await bus.close();
  const foreign: Bus = Object.create(bus);
  await expect(createServer(foreign)).rejects.toMatchObject({ code: "invalid_config" });
});
