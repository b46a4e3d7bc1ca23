import { createContext, Script } from "node:vm";
import { build } from "esbuild";
import { expect, onTestFinished, test } from "vitest";
import { BusError, createClient } from "wagglebus/browser";
import { serve } from "../server/serve.ts";

test("it publishes, looks up a flow and waits, with the errors of the bus", async () => {
  const { bus, url } = await serve();
  const client = createClient({ url: `${url}/` });
  const event = await client.publish({ type: "custom.asked", data: { n: 1 }, metadata: { correlationId: "f" } });
  expect(await bus.history.get(event.id)).toEqual(event);
  const results = await client.publishAll([
    { type: "custom.asked", data: {}, metadata: { correlationId: "f" } },
    { type: "unknown.type", data: {} },
  ]);
  expect(results).toMatchObject([
    { ok: true },
    { ok: false, error: { code: "unknown_type" }, draft: { type: "unknown.type" } },
  ]);
  expect(await client.publishAll([])).toEqual([]);
  expect(await client.flow("f")).toMatchObject({ id: "f", size: 2, roots: [{ event }, {}] });
  expect(await client.wait("custom.*", { since: "2020-01-01T00:00:00Z" })).toEqual([event]);
  const later = client.wait({ all: ["custom.left", "custom.right"] }, { since: event });
  const left = await client.publish({ type: "custom.left", data: {} });
  const right = await client.publish({ type: "custom.right", data: {} });
  expect(await later).toEqual([left, right]);
  const refused = await client.publish({ type: "unknown.type", data: {} }).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(BusError);
  expect(refused).toMatchObject({ code: "unknown_type", retryable: false });
  await expect(client.wait("custom.never", { timeout: 1 })).rejects.toMatchObject({ code: "timeout" });
  const controller = new AbortController();
  const aborted = client.wait("custom.never", { signal: controller.signal });
  controller.abort();
  await expect(aborted).rejects.toMatchObject({ code: "aborted" });
});

test("it follows over a broken connection, without a gap and without an event twice", async () => {
  const { bus, url } = await serve();
  const cut = new AbortController();
  let connections = 0;
  const controller = new AbortController();
  const states: boolean[] = [];
  const client = createClient({
    url,
    // The first connection breaks in the middle.
    fetch: (input, init) => {
      connections += 1;
      const signals = [init?.signal ?? [], connections === 1 ? cut.signal : []].flat();
      return fetch(input, { ...init, signal: AbortSignal.any(signals) });
    },
  });
  const seen: number[] = [];
  const onConnection = (connected: boolean) => {
    states.push(connected);
    if (connected && states.length === 1) {
      void bus.publishAll(Array.from({ length: 10 }, (_, n) => ({ type: "custom.n" as const, data: { n } })));
    }
  };
  for await (const { data } of client.tail({ type: "custom.n" }, { signal: controller.signal, onConnection })) {
    const n = Number(Object(data).n);
    seen.push(n);
    if (n === 4) {
      cut.abort();
      await bus.publish({ type: "custom.n", data: { n: 10 } });
    }
    if (n === 10) controller.abort();
  }
  expect(seen).toEqual(Array.from({ length: 11 }, (_, n) => n));
  expect(states.slice(0, 3)).toEqual([true, false, true]);
});

test("it follows deltas from the start of a stream, and a wrong filter ends it", async () => {
  const { bus, url } = await serve();
  const client = createClient({ url });
  const metadata = { streamId: "s" };
  for (const content of ["one ", "two"]) await bus.publish({ type: "llm.text.delta", data: { content }, metadata });
  let text = "";
  for await (const { data } of client.tail({ streamId: "s" }, { deltas: true })) {
    text += Object(data).content;
    if (text.length === 7) break;
  }
  expect(text).toBe("one two");
  await expect(client.tail({ pattern: { data: { a: [{ regex: "a" }] } } }).next()).rejects.toMatchObject({
    code: "invalid_pattern",
  });
});

test("a server that is away, or is none, is told as unavailable", async () => {
  const answers = (text: string, status: number) => createClient({ fetch: async () => new Response(text, { status }) });
  for (const client of [answers("<html>", 200), answers("<html>", 404), answers('{"results":[{"ok":true}]}', 200)]) {
    await expect(client.publish({ type: "custom.a", data: {} })).rejects.toMatchObject({ code: "unavailable" });
  }
  const away = createClient({ fetch: () => Promise.reject(new TypeError("fetch failed")) });
  await expect(away.flow("f")).rejects.toMatchObject({ code: "unavailable", retryable: true });
});

/** What a page has of all that Node has too. */
const web = {
  ...{ fetch, Headers, Response, Request, URL, URLSearchParams, TextDecoder, ReadableStream },
  ...{ AbortController, AbortSignal, setTimeout, clearTimeout },
};

test("bundled for the web it is one small script that needs nothing but the web", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [new URL("../../../lib/browser/index.ts", import.meta.url).pathname],
    bundle: true,
    minify: true,
    platform: "browser",
    format: "iife",
    globalName: "waggle",
    write: false,
    metafile: true,
  });
  const [script] = outputFiles;
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
  expect(imported).toEqual([]);
  expect(script?.contents.length).toBeLessThan(12_000);
  // test/browser runs it in a browser; here it has the globals of the web alone, and none of Node.
  const page = createContext({ ...web });
  const { bus, url } = await serve();
  const published = new Promise((resolve) => {
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    Object.assign(page, { url, signal: controller.signal, resolve });
  });
  new Script(script?.text ?? "").runInContext(page);
  new Script(`(async () => {
    const client = waggle.createClient({ url });
    for await (const event of client.tail({ type: "custom.page" }, {
      signal,
      onConnection: (connected) => connected && client.publish({ type: "custom.page", data: { from: "a page" } }),
    })) resolve(event.id);
  })()`).runInContext(page);
  expect(await bus.history.get(String(await published))).toMatchObject({ data: { from: "a page" } });
});
