import { expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { patient, state, withReaders } from "./readers.ts";
import { serve } from "./serve.ts";

test("a subscription is created, changed, listed and deleted", async () => {
  const { send, get } = await serve();
  const put = (settings: object) => send("PUT", "/v1/subscriptions/readers", settings);
  expect((await put({ on: ["custom.*"], ackTimeout: "1m" })).json).toEqual({ created: true, changed: [] });
  expect((await put({ on: ["custom.*"], ackTimeout: "1m" })).json).toEqual({ created: false, changed: [] });
  expect((await put({ on: ["custom.*"], timeout: "2m", attempts: 3 })).json).toEqual({
    created: false,
    changed: ["attempts", "timeout"],
  });
  const one = (await get("/v1/subscriptions/readers")).json;
  expect(one).toMatchObject({
    record: { name: "readers", on: ["custom.*"], timeout: 120_000, attempts: 3 },
    ephemeral: false,
    ...state,
  });
  expect((await get("/v1/subscriptions")).json).toEqual({ subscriptions: [one] });
  expect((await send("DELETE", "/v1/subscriptions/readers", {})).status).toBe(204);
  expect((await get("/v1/subscriptions/readers")).json).toMatchObject({ code: "not_found" });
  expect((await send("DELETE", "/v1/subscriptions/readers", {})).status).toBe(404);
});

test.each([
  [{}, "invalid_config"],
  [{ on: [] }, "invalid_config"],
  [{ on: "task.creatd" }, "unknown_type"],
  [{ on: "*", where: { data: 5 } }, "invalid_pattern"],
  [{ on: "*", attempts: 0 }, "invalid_config"],
  [{ on: "*", ackTimeout: "1m", timeout: "1m" }, "invalid_config"],
  [{ on: "*", name: "other" }, "invalid_config"],
  [{ on: "*", retries: 5 }, "invalid_config"],
])("settings %j are refused: %s", async (settings, code) => {
  const { send, get } = await serve();
  const answer = await send("PUT", "/v1/subscriptions/readers", settings);
  if (Object.hasOwn(settings, "name")) expect(answer.status).toBe(200);
  else {
    expect(answer.json).toMatchObject({ code });
    expect((await get("/v1/subscriptions")).json.subscriptions).toEqual([]);
  }
});

test("what collects is pulled, and is gone once it is acknowledged", async () => {
  const { bus, pull, settle, get } = await withReaders();
  const one = await bus.publish({ type: "custom.one", data: {} });
  const two = await bus.publish({ type: "custom.two", data: {} });
  const deliveries = await pull(patient);
  expect(deliveries).toMatchObject([
    { attempt: 1, redriven: false, event: one },
    { attempt: 1, redriven: false, event: two },
  ]);
  expect((await get("/v1/subscriptions/readers")).json).toMatchObject({ ...state, running: 2 });
  expect(await pull()).toEqual([]);
  const ack = deliveries.map(({ receipt }: { receipt: string }) => receipt);
  const acknowledged = ack.map((receipt: string) => ({ receipt, ok: true }));
  expect(await settle({ ack })).toEqual(acknowledged);
  expect((await get("/v1/subscriptions/readers")).json).toMatchObject(state);
  // The answer may have been lost.
  expect(await settle({ ack })).toEqual(acknowledged);
  expect(await settle({ reject: [{ receipt: ack[0] }] })).toMatchObject([{ ok: false, error: { code: "conflict" } }]);
  expect(await bus.metrics()).toMatchObject({ delivered: 2, running: 0 });
});

test("what is released comes again at once, its attempt not counted", async () => {
  const { pull, settle, bus } = await withReaders({ attempts: 1 });
  await bus.publish({ type: "custom.one", data: {} });
  const [first] = await pull(patient);
  expect(await settle({ release: [first.receipt] })).toEqual([{ receipt: first.receipt, ok: true }]);
  // The answer may have been lost.
  expect(await settle({ release: [first.receipt] })).toEqual([{ receipt: first.receipt, ok: true }]);
  expect(await settle({ ack: [first.receipt] })).toMatchObject([{ ok: false, error: { code: "not_found" } }]);
  const [second] = await pull(patient);
  expect(second).toMatchObject({ attempt: 1, event: first.event });
  expect(await settle({ ack: [second.receipt] })).toMatchObject([{ ok: true }]);
  expect((await bus.subscriptions.get("readers"))?.deadLetters).toBe(0);
});

test("a pull takes no more than it asks for, and no more than the concurrency of the subscription", async () => {
  const { bus, pull } = await withReaders({ concurrency: 3 });
  for (let n = 0; n < 5; n += 1) await bus.publish({ type: "custom.a", data: { n } });
  expect(await pull({ max: 2, ...patient })).toHaveLength(2);
  expect(await pull({ max: 5, ...patient })).toHaveLength(1);
  expect(await pull({ max: 5 })).toEqual([]);
});

test("a pull that waits is answered as soon as there is something, one that is over with nothing", async () => {
  const { bus, pull } = await withReaders();
  expect(await pull({ waitMs: 1 })).toEqual([]);
  const waiting = pull(patient);
  const event = await bus.publish({ type: "custom.a", data: {} });
  expect(await waiting).toMatchObject([{ event }]);
});

test("a retry comes after its delay or the backoff; out of attempts, or rejected, it is a dead letter", async () => {
  const clock = new ManualClock();
  const { bus, pull, settle } = await withReaders(
    { attempts: 2, backoff: { from: "10s", to: "10s" } },
    {},
    { clock, random: () => 1 },
  );
  await bus.publish({ type: "custom.first", data: {} });
  const [first] = await pull();
  expect(await settle({ retry: [{ receipt: first.receipt, delayMs: 2_000, error: "not yet" }] })).toMatchObject([
    { ok: true },
  ]);
  await clock.advance(1_999);
  expect(await bus.subscriptions.get("readers")).toMatchObject({ ...state, delayed: 1 });
  await clock.advance(1);
  const [again] = await pull();
  expect(again).toMatchObject({ attempt: 2, event: { type: "custom.first" } });
  await settle({ retry: [{ receipt: again.receipt, error: "still not" }] });
  await bus.publish({ type: "custom.second", data: {} });
  const [second] = await pull();
  await settle({ reject: [{ receipt: second.receipt, error: "never" }] });
  await bus.publish({ type: "custom.third", data: {} });
  const [third] = await pull();
  await settle({ retry: [{ receipt: third.receipt }] });
  await clock.advance(9_999);
  expect(await bus.subscriptions.get("readers")).toMatchObject({ ...state, delayed: 1, deadLetters: 2 });
  await clock.advance(1);
  expect(await pull()).toMatchObject([{ attempt: 2, event: { type: "custom.third" } }]);
  const { deadLetters } = await bus.deadLetters.list();
  expect(deadLetters).toMatchObject([
    { event: { type: "custom.second" }, attempts: 1, reason: { code: "non_retriable", message: "never" } },
    {
      event: { type: "custom.first" },
      attempts: 2,
      reason: { code: "handler_error", message: "still not" },
      failures: [{ message: "not yet" }, {}],
    },
  ]);
  for (const { reason } of deadLetters) expect(reason.stack).toBeUndefined();
});

test("what a lost client had returns after ackTimeout, its attempt counted, unless it was extended", async () => {
  const clock = new ManualClock();
  const { bus, pull, settle } = await withReaders({ ackTimeout: "30s", backoff: { from: 1, to: 1 } }, {}, { clock });
  await bus.publish({ type: "custom.lost", data: {} });
  await bus.publish({ type: "custom.extended", data: {} });
  const [lost, extended] = await pull();
  expect(Date.parse(lost.ackBy)).toBe(clock.now() + 30_000);
  await clock.advance("20s");
  const [{ ackBy }] = await settle({ extend: [{ receipt: extended.receipt, ms: 60_000 }] });
  expect(Date.parse(ackBy)).toBe(clock.now() + 60_000);
  await clock.advance("11s");
  const [again] = await pull();
  expect(again).toMatchObject({ attempt: 2, event: { type: "custom.lost" } });
  expect(await settle({ ack: [lost.receipt, extended.receipt, again.receipt] })).toMatchObject([
    { ok: false, error: { code: "not_found" } },
    { ok: true },
    { ok: true },
  ]);
  expect(await bus.subscriptions.get("readers")).toMatchObject(state);
});

test("a client that is gone while it waits takes nothing with it", async () => {
  const { bus, get, pull, url } = await withReaders();
  // What was sent before has reached the server when it has answered these, one after the other.
  const serverHasSeen = async () => {
    for (let request = 0; request < 2; request += 1) expect((await get("/healthz")).status).toBe(200);
  };
  const controller = new AbortController();
  const gone = fetch(`${url}/v1/subscriptions/readers/pull`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"waitMs":60000}',
    signal: controller.signal,
  });
  await serverHasSeen();
  controller.abort();
  await expect(gone).rejects.toThrow();
  await serverHasSeen();
  const event = await bus.publish({ type: "custom.a", data: {} });
  expect(await pull(patient)).toMatchObject([{ event }]);
});

test("with `ordered`, what is behind a delivery in hand is not pulled before it has ended", async () => {
  const { bus, pull, settle } = await withReaders({ ordered: "data.key" });
  for (const [key, n] of [
    ["a", 1],
    ["a", 2],
    ["b", 3],
  ])
    await bus.publish({ type: "custom.a", data: { key, n } });
  const first = await pull(patient);
  expect(first.map(({ event }: { event: { data: object } }) => event.data)).toEqual([
    { key: "a", n: 1 },
    { key: "b", n: 3 },
  ]);
  await settle({ ack: [first[0].receipt] });
  expect(await pull(patient)).toMatchObject([{ event: { data: { n: 2 } } }]);
});

test("a subscription that is throttled hands out so many in its time", async () => {
  const clock = new ManualClock();
  const { bus, pull } = await withReaders({ ackTimeout: "10m", throttle: { limit: 2, per: "1m" } }, {}, { clock });
  for (let n = 0; n < 3; n += 1) await bus.publish({ type: "custom.a", data: { n } });
  expect(await pull()).toHaveLength(2);
  const waiting = pull({ waitMs: 60_000 });
  await clock.advance("59s");
  await expect
    .poll(async () => {
      await clock.advance(100);
      return Promise.race([waiting, turn()]);
    })
    .toHaveLength(1);
});

test("a pull from what is not there, or is deleted and made anew", async () => {
  const { bus, send, pull } = await withReaders();
  expect((await send("POST", "/v1/subscriptions/none/pull", {})).json).toMatchObject({
    status: 404,
    code: "not_found",
  });
  expect(await pull()).toEqual([]);
  await bus.subscriptions.delete("readers");
  expect((await send("POST", "/v1/subscriptions/readers/pull", {})).status).toBe(404);
  await send("PUT", "/v1/subscriptions/readers", { on: "custom.*" });
  const event = await bus.publish({ type: "custom.a", data: {} });
  expect(await pull(patient)).toMatchObject([{ event }]);
});

test("receipts that are none, or of another subscription, settle nothing", async () => {
  const { bus, send, pull, settle } = await withReaders();
  await bus.publish({ type: "custom.a", data: {} });
  const [{ receipt }] = await pull(patient);
  const [server] = receipt.split(".");
  const others = ["made-up", `${server}.${"A".repeat(22)}`, `${"A".repeat(16)}.${"A".repeat(22)}`, `../..`];
  for (const result of await settle({ ack: others }))
    expect(result).toMatchObject({ ok: false, error: { code: "not_found" } });
  const elsewhere = await send("POST", "/v1/subscriptions/others/settle", { ack: [receipt] });
  expect(elsewhere.json.results).toMatchObject([{ ok: false, error: { code: "not_found" } }]);
  expect((await send("POST", "/v1/subscriptions/readers/settle", {})).json).toMatchObject({ code: "invalid_config" });
  expect(await settle({ ack: [receipt] })).toMatchObject([{ ok: true }]);
});

test("how a pulled delivery ended tells for how long a client had it, and what failed before", async () => {
  const clock = new ManualClock();
  const { bus, pull, settle } = await withReaders({ backoff: { from: 1, to: 1 } }, {}, { clock });
  const event = await bus.publish({ type: "custom.one", data: {} });
  const [first] = await pull();
  await settle({ retry: [{ receipt: first.receipt, error: "HTTP 429" }] });
  await clock.advance(1);
  const [second] = await pull();
  await clock.advance(250);
  await settle({ ack: [second.receipt] });
  const { roots } = await bus.history.flow(event.id);
  expect(roots[0]?.deliveries).toMatchObject([
    {
      subscription: "readers",
      outcome: "done",
      attempts: 2,
      failures: [{ message: "HTTP 429", count: 1 }],
      ranMs: 250,
    },
  ]);
});

test("an outcome that could not be kept is not told as kept, and its delivery comes again", async () => {
  const { engine, pull, settle, bus } = await withReaders();
  const event = await bus.publish({ type: "custom.one", data: {} });
  const [{ receipt }] = await pull(patient);
  const settleKept = engine.deliveries.settle.bind(engine.deliveries);
  engine.deliveries.settle = async (delivery) => {
    engine.deliveries.settle = settleKept;
    // As an engine whose store is away: the attempt has not ended, and is run again.
    await settleKept(delivery, { kind: "released" });
    throw new BusError("unavailable", "the disk is full");
  };
  const failed = { receipt, ok: false, error: { code: "unavailable", retryable: true } };
  expect(await settle({ ack: [receipt, receipt], reject: [{ receipt }] })).toMatchObject([
    failed,
    failed,
    { ok: false, error: { code: "conflict" } },
  ]);
  expect(await settle({ ack: [receipt] })).toMatchObject([{ ok: false, error: { code: "not_found" } }]);
  const [again] = await pull(patient);
  expect(again).toMatchObject({ event });
  expect(await settle({ ack: [again.receipt] })).toMatchObject([{ ok: true }]);
});
