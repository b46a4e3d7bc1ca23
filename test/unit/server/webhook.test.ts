import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ServerOptions } from "../../../lib/server/index.ts";
import { isPublicAddress, type Resolve } from "../../../lib/server/webhooks/address.ts";
import { retryAfterMs } from "../../../lib/server/webhooks/post.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";
import { type ReceivedWebhook, receiver } from "./webhook-receiver.ts";

type Served = Awaited<ReturnType<typeof serve>>;

const path = "/v1/subscriptions/readers/webhook";
const event = { type: "custom.a", data: { n: 1 } };

/** A server with a subscription. It sends to loopback. */
async function withReaders(settings: object = {}, options: ServerOptions = {}, bus = {}): Promise<Served> {
  const served = await serve({ allowPrivateWebhooks: true, ...options }, bus);
  const { status } = await served.send("PUT", "/v1/subscriptions/readers", { on: "custom.*", ...settings });
  expect(status).toBe(200);
  return served;
}

async function put({ send }: Served, body: object) {
  const answer = await send("PUT", path, body);
  expect(answer).toMatchObject({ status: 200 });
  return answer.json;
}

const verified = (secret: string, { body, headers }: ReceivedWebhook) =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

const state = async ({ bus }: Served) => bus.subscriptions.get("readers");

test("a delivery is posted, signed by Standard Webhooks, and acknowledged by 2xx", async () => {
  const served = await withReaders();
  const { url, next } = await receiver();
  const made = await put(served, { url });
  expect(made).toMatchObject({
    created: true,
    url,
    state: "active",
    secrets: 1,
    secret: expect.stringMatching(/^whsec_/),
  });
  const published = await served.bus.publish(event);
  const message = await next();
  expect(message.event).toEqual(published);
  expect(verified(made.secret, message)).toEqual(published);
  expect(message.headers).toMatchObject({
    "content-type": "application/json",
    "webhook-id": published.id,
    "waggle-subscription": "readers",
    "waggle-attempt": "1",
  });
  await expect.poll(() => state(served)).toMatchObject({ waiting: 0, delayed: 0, running: 0, deadLetters: 0 });
  const shown = await served.get(path);
  expect(shown.json).toEqual({
    url,
    state: "active",
    secrets: 1,
    createdAt: made.createdAt,
    updatedAt: made.updatedAt,
  });
  expect(shown.text).not.toContain(made.secret);
});

test("what the receiver refuses is retried under the same id, and dead after the last attempt; a redirect is not followed", async () => {
  const served = await withReaders({ attempts: 3, backoff: { from: 1, to: 1 } });
  const other = await receiver();
  const answers = [{ status: 500 }, { status: 302, headers: { location: other.url } }, { status: 400 }];
  const { url, next } = await receiver(() => answers.shift());
  await put(served, { url });
  const { id } = await served.bus.publish(event);
  const messages = [await next(), await next(), await next()];
  expect(messages.map(({ headers }) => [headers["webhook-id"], headers["waggle-attempt"]])).toEqual([
    [id, "1"],
    [id, "2"],
    [id, "3"],
  ]);
  await expect.poll(() => state(served)).toMatchObject({ waiting: 0, delayed: 0, running: 0, deadLetters: 1 });
  const { deadLetters } = await served.bus.deadLetters.list({ subscription: "readers" });
  const where = url.replace("?key=secret", "");
  expect(deadLetters[0]?.failures.map(({ message }) => message)).toEqual([
    `${where} answered with 500`,
    `${where} answered with 302`,
    `${where} answered with 400`,
  ]);
  expect(other.count()).toBe(0);
});

test("429 and 503 are tried again when their Retry-After says", async () => {
  const clock = new ManualClock();
  const served = await withReaders({ attempts: 3, backoff: { from: 1, to: 1 } }, {}, { clock });
  const answers = [
    { status: 429, headers: { "retry-after": "7" } },
    { status: 503, headers: { "retry-after": new Date(clock.now() + 67_000).toUTCString() } },
    { status: 200 },
  ];
  const { url, next, count } = await receiver(() => answers.shift());
  await put(served, { url });
  await served.bus.publish(event);
  await next();
  await expect.poll(() => state(served)).toMatchObject({ delayed: 1 });
  await clock.advance(6_999);
  expect(count()).toBe(1);
  await clock.advance(1);
  await next();
  await expect.poll(() => state(served)).toMatchObject({ delayed: 1 });
  await clock.advance(58_000);
  expect(count()).toBe(2);
  await clock.advance(3_000);
  await next();
  await expect.poll(() => state(served)).toMatchObject({ delayed: 0, running: 0, deadLetters: 0 });
});

test("410 disables it: what waits goes on waiting, the attempt uncounted, until it is put again", async () => {
  const served = await withReaders({ attempts: 1, concurrency: 1 });
  let gone = true;
  const { url, next, count } = await receiver(() => ({ status: gone ? 410 : 200 }));
  const { secret } = await put(served, { url });
  const events = [await served.bus.publish(event), await served.bus.publish(event)];
  await next();
  await expect
    .poll(async () => (await served.get(path)).json)
    .toMatchObject({
      state: "disabled",
      reason: expect.stringContaining("410"),
      disabledAt: expect.any(String),
    });
  await expect.poll(() => state(served)).toMatchObject({ waiting: 2, running: 0, deadLetters: 0 });
  expect(count()).toBe(1);
  gone = false;
  const again = await put(served, { url });
  expect(again).toMatchObject({ created: false, state: "active" });
  expect(again.secret).toBeUndefined();
  const messages = [await next(), await next()];
  expect(messages.map((message) => verified(secret, message))).toEqual(events);
  expect(messages.map(({ headers }) => headers["waggle-attempt"])).toEqual(["1", "1"]);
});

test("a receiver that does not answer has the time of the subscription", async () => {
  const clock = new ManualClock();
  const served = await withReaders({ attempts: 1, timeout: "5s" }, {}, { clock });
  const { url, next } = await receiver(() => undefined);
  await put(served, { url });
  await served.bus.publish(event);
  await next();
  await clock.advance(5_000);
  await expect.poll(() => state(served)).toMatchObject({ running: 0, deadLetters: 1 });
  const { deadLetters } = await served.bus.deadLetters.list();
  expect(deadLetters[0]?.reason.code).toBe("timeout");
});

test("a secret is rotated: both sign while they overlap, then the new one alone", async () => {
  const clock = new ManualClock(Date.now());
  const served = await withReaders({}, {}, { clock });
  const { url, next } = await receiver();
  const { secret: first } = await put(served, { url });
  const second = await put(served, { url, rotate: true, overlap: "1h" });
  expect(second).toMatchObject({ secrets: 2, secret: expect.any(String) });
  expect(second.secret).not.toBe(first);
  await served.bus.publish(event);
  const both = await next();
  expect(verified(first, both)).toEqual(verified(second.secret, both));
  await clock.advance(3_600_000);
  await served.bus.publish(event);
  const { body, headers } = await next();
  const signatures = String(headers["webhook-signature"]).split(" ");
  const at = new Date(Number(headers["webhook-timestamp"]) * 1_000);
  expect(signatures).toEqual([new Webhook(second.secret).sign(String(headers["webhook-id"]), at, body)]);
  const own = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;
  expect(await put(served, { url, secret: own, overlap: 0 })).toMatchObject({ secrets: 1 });
  await served.bus.publish(event);
  expect((await next()).headers["webhook-signature"]).toMatch(/^v1,\S+$/);
});

test("it survives a restart of the server, with what came while that was away", async () => {
  const { path: folder, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const bus = { engine: "embedded", file: join(folder, "bus.db") } as const;
  const { url, next } = await receiver();
  const first = await withReaders({}, {}, bus);
  const { secret } = await put(first, { url });
  await first.server.close();
  const published = await first.bus.publish(event);
  await first.bus.close();
  await serve({ allowPrivateWebhooks: true }, bus);
  expect(verified(secret, await next())).toEqual(published);
});

test("deleted, it pushes no more, and what comes waits; with its subscription it goes for good", async () => {
  const served = await withReaders();
  const { url, next, count } = await receiver();
  await put(served, { url });
  await served.bus.publish(event);
  await next();
  expect((await served.request("DELETE", path)).status).toBe(204);
  expect((await served.get(path)).json).toMatchObject({ status: 404, code: "not_found" });
  expect((await served.request("DELETE", path)).status).toBe(404);
  await served.bus.publish(event);
  const pulled = await served.send("POST", "/v1/subscriptions/readers/pull", { waitMs: 1_000 });
  expect(pulled.json.deliveries).toHaveLength(1);
  expect(count()).toBe(1);
  await put(served, { url });
  await served.request("DELETE", "/v1/subscriptions/readers");
  await served.send("PUT", "/v1/subscriptions/readers", { on: "custom.*" });
  expect((await served.get(path)).status).toBe(404);
});

test("another server of the bus takes over what is put at the first, and a deletion elsewhere ends it", async () => {
  const clock = new ManualClock();
  const { path: folder, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = join(folder, "bus.db");
  const first = await withReaders({}, {}, { engine: "embedded", file });
  const second = await serve({ allowPrivateWebhooks: true }, { engine: "embedded", file, clock });
  const { url, next } = await receiver();
  await put(first, { url });
  await clock.advance(5_000);
  await first.server.close();
  const published = await first.bus.publish(event);
  expect((await next()).event).toEqual(published);
  await first.bus.subscriptions.delete("readers");
  await clock.advance(5_000);
  await expect.poll(async () => (await second.get(path)).status).toBe(404);
});

describe("addresses", () => {
  test.each([
    ["https://127.0.0.1/", "127.0.0.1"],
    ["https://2130706433/", "127.0.0.1"],
    ["https://0x7f.1/", "127.0.0.1"],
    ["https://0/", "0.0.0.0"],
    ["https://[::1]/", "::1"],
    ["https://[::ffff:10.0.0.1]/", "::ffff:a00:1"],
    ["https://169.254.169.254/latest/meta-data", "169.254.169.254"],
    ["https://localhost/", "127.0.0.1"],
    ["https://rebound.example/", "10.0.0.7"],
    ["https://mixed.example/", "10.0.0.8"],
  ])("%s is not sent to", async (url, address) => {
    const resolve: Resolve = (name, _, done) => {
      const known: Record<string, string[]> = {
        localhost: ["127.0.0.1"],
        "rebound.example": ["10.0.0.7"],
        "mixed.example": ["93.184.215.14", "10.0.0.8"],
      };
      done(
        null,
        (known[name] ?? []).map((one) => ({ address: one, family: 4 })),
      );
    };
    const served = await withReaders({}, { allowPrivateWebhooks: false, resolveWebhooks: resolve });
    const { json, status } = await served.send("PUT", path, { url });
    expect({ status, code: json.code }).toEqual({ status: 400, code: "invalid_config" });
    expect(json.detail).toContain(address);
  });

  test("a name that means another address after it was put is not connected to", async () => {
    const { port, count } = await receiver();
    let address = "93.184.215.14";
    const asked: string[] = [];
    const resolve: Resolve = (name, _, done) => {
      asked.push(name);
      done(null, [{ address, family: 4 }]);
    };
    const served = await withReaders({ attempts: 1 }, { allowPrivateWebhooks: false, resolveWebhooks: resolve });
    expect((await served.send("PUT", path, { url: `https://hook.example:${port}/` })).status).toBe(200);
    address = "127.0.0.1";
    await served.bus.publish(event);
    await expect.poll(() => state(served)).toMatchObject({ deadLetters: 1 });
    const { deadLetters } = await served.bus.deadLetters.list();
    expect(deadLetters[0]?.reason.message).toContain("hook.example is 127.0.0.1, which is not a public address");
    expect(asked).toEqual(["hook.example", "hook.example"]);
    expect(count()).toBe(0);
  });

  test("which are public", () => {
    const open = [
      "1.1.1.1",
      "93.184.215.14",
      "172.15.0.1",
      "172.32.0.1",
      "223.255.255.1",
      "2606:4700::1111",
      "2a00::1",
    ];
    const closed = [
      ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "127.255.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255"],
      ...["192.168.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"],
      ...["::", "::1", "::ffff:1.1.1.1", "::1.1.1.1", "64:ff9b::1.1.1.1", "fc00::1", "fd00:ec2::254", "fe80::1"],
      ...["ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "4000::1", "localhost", ""],
    ];
    expect(open.filter((address) => !isPublicAddress(address))).toEqual([]);
    expect(closed.filter(isPublicAddress)).toEqual([]);
  });
});

test.each([
  ["0", 0],
  ["120", 120_000],
  [" 5 ", 5_000],
  ["Sat, 31 Jan 2026 12:00:30 GMT", 30_000],
  ["Sat, 31 Jan 2026 11:00:00 GMT", 0],
  ["5.5", undefined],
  ["-1", undefined],
  ["soon", undefined],
  ["", undefined],
  [undefined, undefined],
])("Retry-After %j is %j ms", (header, ms) => {
  expect(retryAfterMs(header, Date.parse("2026-01-31T12:00:00Z"))).toBe(ms);
});
