import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";
import { type ReceivedWebhook, receiver } from "./webhook-receiver.ts";
import { event, path, put, state, withReaders } from "./webhook-rig.ts";

const verified = (secret: string, { body, headers }: ReceivedWebhook) =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

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
  const pulled = await served.send("POST", "/v1/subscriptions/readers/pull", { waitMs: 60_000 });
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
