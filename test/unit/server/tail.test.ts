import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ReceivedMessage, readSse } from "../../../lib/engines/http/wire/sse-reader.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";
import { openStream as open } from "./sse-stream.ts";

test("what is published after the answer has begun is seen, in order", async () => {
  const { bus, url } = await serve();
  await bus.publish({ type: "custom.before", data: {} });
  const stream = await open(url, "/v1/tail");
  const one = await bus.publish({ type: "custom.one", data: { text: "a\nb\r\n\u2028c" } });
  const two = await bus.publish({ type: "custom.two", data: {} });
  expect(await stream.take(2)).toEqual([one, two]);
});

test("it is filtered by type, flow, pattern and the other filters of history", async () => {
  const { bus, url } = await serve();
  const pattern = encodeURIComponent(JSON.stringify({ data: { n: [{ numeric: [">", 1] }] } }));
  const streams = await Promise.all(
    ["/v1/tail?type=custom.a", "/v1/tail?flow=f", `/v1/tail?pattern=${pattern}`, "/v1/tail?source=s&tag=x"].map(
      (path) => open(url, path),
    ),
  );
  const drafts = [
    { type: "custom.a", data: { n: 1 } },
    { type: "custom.b", data: { n: 1 }, metadata: { correlationId: "f" } },
    { type: "custom.c", data: { n: 2 } },
    { type: "custom.d", source: "s", data: {}, metadata: { tags: ["x"] } },
  ];
  for (const draft of drafts) await bus.publish(draft);
  const seen = await Promise.all(streams.map((stream) => stream.next()));
  expect(seen.map(({ type }) => type)).toEqual(["custom.a", "custom.b", "custom.c", "custom.d"]);
});

test("it begins in the past with since", async () => {
  const { bus, url } = await serve();
  const past = await bus.publish({ type: "custom.past", data: {} });
  const stream = await open(url, "/v1/tail?since=2020-01-01T00:00:00Z");
  const next = await bus.publish({ type: "custom.next", data: {} });
  expect(await stream.take(2)).toEqual([past, next]);
});

test("cut off anywhere, it goes on without a gap and without an event twice", async () => {
  const { bus, url } = await serve();
  const published: string[] = [];
  const publish = async (count: number) => {
    for (let n = 0; n < count; n += 1)
      published.push((await bus.publish({ type: n % 3 === 0 ? "custom.other" : "custom.a", data: { n } })).id);
  };
  const seen: string[] = [];
  let stream = await open(url, "/v1/tail");
  let lastId = "";
  for (const count of [7, 1, 300, 0, 4]) {
    await publish(count);
    // It has read some of them, and is cut in the middle.
    for (const { id } of await stream.take(Math.floor(count / 2))) seen.push(id);
    if (stream.lastId !== "") lastId = stream.lastId;
    stream.cut();
    await publish(3);
    stream = await open(url, "/v1/tail", lastId);
    for (const { id } of await stream.take(published.length - seen.length)) seen.push(id);
    lastId = stream.lastId;
  }
  expect(seen).toEqual(published);
});

test("a client that is cut off before the first event does not miss it", async () => {
  const { bus, url } = await serve({ heartbeatMs: 5 });
  const stream = await open(url, "/v1/tail?type=custom.wanted");
  const waiting = stream.next().catch(() => undefined);
  await expect.poll(() => stream.lastId).not.toBe("");
  const { lastId } = stream;
  stream.cut();
  await waiting;
  const wanted = await bus.publish({ type: "custom.wanted", data: {} });
  expect(await (await open(url, "/v1/tail?type=custom.wanted", lastId)).next()).toEqual(wanted);
});

test("a heartbeat brings on a client that none of the events concerned", async () => {
  const { bus, url } = await serve({ heartbeatMs: 5 });
  const stream = await open(url, "/v1/tail?type=custom.wanted");
  const waiting = stream.next().catch(() => undefined);
  await expect.poll(() => stream.lastId).not.toBe("");
  const before = stream.lastId;
  await bus.publish({ type: "custom.other", data: {} });
  await expect.poll(() => stream.lastId).not.toBe(before);
  stream.cut();
  await waiting;
});

test("a server that closes ends its streams; another on the same file goes on where they were", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = join(path, "bus.db");
  const first = await serve({}, { engine: "embedded", file });
  const stream = await open(first.url, "/v1/tail");
  const one = await first.bus.publish({ type: "custom.one", data: {} });
  expect(await stream.next()).toEqual(one);
  const ended = stream.ends();
  await first.server.close();
  expect(await ended).toBe(true);
  const two = await first.bus.publish({ type: "custom.two", data: {} });
  await first.bus.close();
  const second = await serve({}, { engine: "embedded", file });
  const again = await open(second.url, "/v1/tail", stream.lastId);
  const three = await second.bus.publish({ type: "custom.three", data: {} });
  expect(await again.take(2)).toEqual([two, three]);
});

test("an id that no stream gave is refused, and one of a memory that is gone is not found", async () => {
  const first = await serve();
  const stream = await open(first.url, "/v1/tail");
  await first.bus.publish({ type: "custom.a", data: {} });
  await stream.next();
  const { lastId } = stream;
  stream.cut();
  const second = await serve();
  expect((await second.get("/v1/tail", { "last-event-id": lastId })).json).toMatchObject({
    status: 404,
    code: "not_found",
  });
  for (const id of ["made-up", "n-1", "n1e3", "s", "../..", `n${"1".repeat(600)}`]) {
    expect((await second.get("/v1/tail", { "last-event-id": id })).json).toMatchObject({
      status: 400,
      code: "invalid_config",
    });
  }
});

test.each([
  ["/v1/tail?pattern={", "invalid_pattern"],
  ["/v1/tail?pattern=[]", "invalid_pattern"],
  ["/v1/tail?flow=a&correlationId=b", "invalid_config"],
  ["/v1/tail?since=now", "invalid_config"],
  ["/v1/tail?limit=5", "invalid_config"],
])("%s is refused: %s", async (path, code) => {
  const { get } = await serve();
  expect((await get(path)).json).toMatchObject({ status: 400, code });
});

test("a client that does not read is cut off, and goes on from where it was; others are not held up", async () => {
  const clock = new ManualClock();
  const { bus, url } = await serve({ slowReaderMs: 1_000 }, { clock });
  const slow = await open(url, "/v1/tail");
  const reading = await open(url, "/v1/tail");
  const text = "x".repeat(200_000);
  const first = await bus.publish({ type: "custom.small", data: {} });
  expect(await Promise.all([slow.next(), reading.next()])).toEqual([first, first]);
  const published: string[] = [];
  for (let n = 0; n < 100; n += 1) {
    published.push((await bus.publish({ type: "custom.large", data: { text } })).id);
    expect((await reading.next()).id).toBe(published.at(-1));
  }
  await clock.advance(2_000);
  const seen: string[] = [];
  await expect(
    (async () => {
      for (;;) seen.push((await slow.next()).id);
    })(),
  ).rejects.toThrow();
  expect(seen.length).toBeLessThan(published.length);
  const again = await open(url, "/v1/tail", slow.lastId);
  for (const { id } of await again.take(published.length - seen.length)) seen.push(id);
  expect(seen).toEqual(published);
  const next = await bus.publish({ type: "custom.large", data: {} });
  expect(await reading.next()).toEqual(next);
});

test("messages are read by the rules of the standard, wherever the bytes are cut", async () => {
  const text = ": hello\nid: 1\ndata: a\ndata:b\n\nretry: 5\r\nevent: other\r\ndata: ü\r\n\r\nid: 2\n\ndata: cut off";
  const bytes = new TextEncoder().encode(text);
  for (let size = 1; size <= bytes.length; size += 1) {
    const ids: string[] = [];
    const chunks = async function* () {
      for (let from = 0; from < bytes.length; from += size) yield bytes.slice(from, from + size);
    };
    const messages: ReceivedMessage[] = [];
    for await (const message of readSse(chunks(), { onId: (id) => ids.push(id) })) messages.push(message);
    expect(messages).toEqual([
      { id: "1", event: "message", data: "a\nb" },
      { id: "1", event: "other", data: "ü" },
    ]);
    expect(ids.at(-1)).toBe("2");
  }
});
