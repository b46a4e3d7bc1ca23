import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { spawnWaggle } from "./spawn-waggle.ts";

// biome-ignore lint/suspicious/noExplicitAny: a test asserts what it expects of the JSON.
type Json = any;

const name = "custom.ledger";

/** A bus of this process, and servers of its file that are killed and started anew. */
async function start() {
  const { path: cwd, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const bus = await connect({
    engine: "embedded",
    file: join(cwd, ".waggle/bus.db"),
    source: "test",
    logLevel: "silent",
  });
  onTestFinished(() => bus.close());
  const published: string[] = [];
  return {
    published,
    publish: async (count: number) => {
      for (let n = 0; n < count; n += 1) {
        await bus.publish({ type: "custom.other", data: {} });
        published.push((await bus.publish({ type: name, data: { n: published.length } })).id);
      }
    },
    serve: async () => {
      const { child, stdout, ended } = spawnWaggle(cwd, ["serve", "--port", "0", "--json"]);
      await stdout.contains("\n");
      const { url } = JSON.parse(stdout.text.split("\n")[0] ?? "");
      const kill = async () => {
        child.kill("SIGKILL");
        await ended;
      };
      onTestFinished(kill);
      const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
      await client.connect(new StreamableHTTPClientTransport(new URL("/v1/mcp", url)));
      onTestFinished(() => client.close());
      const request = (method: string, params: Record<string, unknown>): Promise<Json> =>
        client.request({ method, params: { name, ...params } }, z.looseObject({}));
      return { client, request, kill };
    },
  };
}

test("polls across servers that are killed lose nothing, and bring nothing twice", { timeout: 120_000 }, async () => {
  const { publish, published, serve } = await start();
  const ledger: string[] = [];
  let server = await serve();
  let { cursor } = await server.request("events/poll", {});
  const poll = async () => {
    const page = await server.request("events/poll", { cursor, maxEvents: 7 });
    ledger.push(...page.events.map(({ eventId }: Json) => eventId));
    expect(page.truncated).toBe(false);
    ({ cursor } = page);
    return page.hasMore;
  };
  for (const round of [1, 2, 3, 4]) {
    await publish(20);
    await poll();
    // Every other one dies with a poll on its way, of which nothing is known then.
    const lost = round % 2 === 0 ? server.request("events/poll", { cursor }).catch(() => "lost") : undefined;
    await server.kill();
    await lost;
    await publish(3);
    server = await serve();
    await poll();
  }
  while (await poll());
  expect(ledger).toEqual(published);
});

test("a stream goes on at the server after the one that was killed", { timeout: 120_000 }, async () => {
  const { publish, published, serve } = await start();
  const ledger: string[] = [];
  let cursor: string | undefined;
  for (const upTo of [0, 15, 40, 60]) {
    const { client, kill, request } = await serve();
    const { promise: reached, resolve } = Promise.withResolvers<void>();
    client.fallbackNotificationHandler = async ({ method, params }: Json) => {
      if (method === "notifications/events/event") ledger.push(params.eventId);
      if (/\/(active|event)$/.test(method)) ({ cursor } = params);
      if (ledger.length >= upTo) resolve();
    };
    const ended = request("events/stream", cursor === undefined ? {} : { cursor }).catch(() => "lost");
    if (upTo > 0) await publish(20);
    await reached;
    await kill();
    // What the client had got before it noticed is in the ledger, with its cursor.
    await client.close();
    await ended;
  }
  expect(ledger).toEqual(published);
});
