import { join } from "node:path";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { connect } from "../../../lib/index.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { eventReceiver, secret, willing } from "../../unit/server/mcp-webhook-receiver.ts";
import { spawnWaggle, waggle } from "./spawn-waggle.ts";

const name = "custom.ledger";

/** A bus of this process, and servers of its file that are killed and started anew. */
async function start() {
  const { path: cwd, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = join(cwd, ".waggle/bus.db");
  const bus = await connect({ engine: "embedded", file, source: "test", logLevel: "silent" });
  onTestFinished(() => bus.close());
  const made = await waggle(cwd, ["token", "create", "--role", "subscribe", "--json"]);
  const { token } = JSON.parse(made.stdout);
  return {
    bus,
    serve: async () => {
      const { child, stdout, ended } = spawnWaggle(cwd, [
        ...["serve", "--port", "0", "--json", "--allow-private-webhooks"],
      ]);
      await stdout.contains("\n");
      const { url } = JSON.parse(stdout.text.split("\n")[0] ?? "");
      const kill = async () => {
        child.kill("SIGKILL");
        await ended;
      };
      onTestFinished(kill);
      return { kill, url };
    },
    subscribe: async (server: string, receiver: string) => {
      const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
      const requestInit = { headers: { authorization: `Bearer ${token}` } };
      await client.connect(new StreamableHTTPClientTransport(new URL("/v1/mcp", server), { requestInit }));
      const delivery = { mode: "webhook", url: receiver, secret };
      const params = { name, arguments: {}, delivery, cursor: null };
      const answer = await client.request({ method: "events/subscribe", params }, z.looseObject({ id: z.string() }));
      await client.close();
      return answer;
    },
  };
}

test("servers that are killed between posts lose no event, and who counts by event id counts none twice", {
  timeout: 120_000,
}, async () => {
  const { bus, serve, subscribe } = await start();
  // It counts each tenth event, and the server that has sent it is killed before it learns of that.
  const doubted = new Map<number, () => void>();
  const { events, until, url } = await eventReceiver(async (message) => {
    const n = message.body.data?.n;
    if (n !== undefined && n % 10 === 9 && !doubted.has(n)) {
      await new Promise<void>((resolve) => doubted.set(n, resolve));
    }
    return willing(message);
  });
  let server = await serve();
  const { id } = await subscribe(server.url, url);
  const published: string[] = [];
  const publish = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      await bus.publish({ type: "custom.other", data: {} });
      published.push((await bus.publish({ type: name, data: { n: published.length } })).id);
    }
  };
  for (const killedAt of [9, 19, 29]) {
    await publish(10);
    await until(() => events().some(({ body }) => body.data.n === killedAt));
    await server.kill();
    doubted.get(killedAt)?.();
    await publish(3);
    server = await serve();
  }
  // Refreshed at a server that has not made it, it is the same one.
  expect(await subscribe(server.url, url)).toMatchObject({ id });
  await publish(5);
  await until(() => events().at(-1)?.body.data.n === published.length - 1);
  const ids = events().map(({ body }) => body.eventId);
  expect(ids.length).toBeGreaterThanOrEqual(published.length + 3);
  expect([...new Set(ids)]).toEqual(published);
  const { deadLetters } = await bus.deadLetters.list();
  expect(deadLetters).toEqual([]);
});
