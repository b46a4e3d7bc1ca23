import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../../lib/index.ts";
import { ManualClock } from "../../../lib/testing/manual-clock.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { serve } from "./serve.ts";
import { openStream, type SseStream } from "./sse-stream.ts";

const words = Array.from({ length: 200 }, (_, index) => `w${index} `);
const path = "/v1/tail?deltas=1&type=llm.text.delta";
const delta = (content: string, streamId = "s") => ({
  type: "llm.text.delta" as const,
  data: { content },
  metadata: { streamId },
});

/** The text that a stream brings until it has so many pieces. */
async function textOf(stream: SseStream, count: number): Promise<string> {
  return (await stream.take(count)).map(({ data }) => String(Object(data).content)).join("");
}

test("a viewer who comes late sees the text from its start, and goes on with it", async () => {
  const { bus, url } = await serve();
  await bus.publishAll(words.slice(0, 120).map((word) => delta(word)));
  const [late, plain] = await Promise.all([openStream(url, path), openStream(url, "/v1/tail?flow=f")]);
  expect(await textOf(late, 120)).toBe(words.slice(0, 120).join(""));
  const later = await openStream(url, path);
  await bus.publishAll(words.slice(120).map((word) => delta(word)));
  expect(await textOf(late, 80)).toBe(words.slice(120).join(""));
  expect(await textOf(later, 200)).toBe(words.join(""));
  await bus.publish({ ...delta("never"), metadata: { correlationId: "f" } });
  const kept = await bus.publish({ type: "custom.kept", data: {}, metadata: { correlationId: "f" } });
  expect(await plain.next()).toEqual(kept);
});

test("pieces and events are filtered alike, and each kind keeps its order", async () => {
  const { bus, url } = await serve();
  const metadata = { correlationId: "f", streamId: "s" };
  const stream = await openStream(url, "/v1/tail?deltas=1&flow=f");
  for (const word of words) await bus.publish({ ...delta(word), metadata });
  await bus.publish(delta("other"));
  const kept = [
    await bus.publish({ type: "custom.completed", data: {}, metadata }),
    await bus.publish({ type: "custom.closed", data: {}, metadata }),
  ];
  await bus.publish({ ...delta("end"), metadata });
  const seen = await stream.take(words.length + 3);
  const pieces = seen.filter(({ type }) => type === "llm.text.delta").map(({ data }) => Object(data).content);
  expect(pieces.join("")).toBe(`${words.join("")}end`);
  expect(seen.filter(({ type }) => type !== "llm.text.delta")).toEqual(kept);
});

test("cut off anywhere, the text goes on without a gap and without a piece twice", async () => {
  const { bus, url } = await serve();
  const all = "/v1/tail?deltas=1";
  let stream = await openStream(url, all);
  let lastId = "";
  let seen = "";
  for (let from = 0; from < words.length; from += 20) {
    await bus.publishAll(words.slice(from, from + 20).map((word) => delta(word)));
    await bus.publish({ type: "custom.kept", data: { content: "" } });
    const taken = 1 + ((from * 7) % 20);
    seen += await textOf(stream, taken);
    if (stream.lastId !== "") lastId = stream.lastId;
    stream.cut();
    stream = await openStream(url, all, lastId);
    seen += await textOf(stream, 21 - taken);
    lastId = stream.lastId;
  }
  expect(seen).toBe(words.join(""));
});

test("pieces of another process of the bus are seen, at any of its servers, which go on with each other's streams", async () => {
  const { path: folder, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const options = { engine: "embedded", file: join(folder, "bus.db"), source: "other" } as const;
  const [first, second] = [await serve({}, options), await serve({}, options)];
  const other = await connect(options);
  onTestFinished(() => other.close());
  const stream = await openStream(first.url, path);
  await other.publishAll(words.slice(0, 50).map((word) => delta(word)));
  let text = await textOf(stream, 50);
  const { lastId } = stream;
  stream.cut();
  // A server that has not seen the last piece itself yet would tell the client to begin anew.
  expect(await textOf(await openStream(second.url, path), 50)).toBe(text);
  await other.publishAll(words.slice(50, 100).map((word) => delta(word)));
  text += await textOf(await openStream(second.url, path, lastId), 50);
  expect(text).toBe(words.slice(0, 100).join(""));
});

test("a client whose last piece is not kept any more is told to begin anew", async () => {
  const clock = new ManualClock();
  const { bus, url } = await serve({}, { clock });
  const stream = await openStream(url, path);
  await bus.publish(delta("old"));
  await stream.next();
  const { lastId } = stream;
  stream.cut();
  await clock.advance("2m");
  await bus.publishAll([delta("a", "new"), delta("b", "new")]);
  const again = await openStream(url, path, lastId);
  expect(await again.message()).toMatchObject({ event: "reset", data: "{}" });
  expect(await textOf(again, 2)).toBe("ab");
  const plain = await openStream(url, "/v1/tail?type=custom.*", lastId);
  const kept = await bus.publish({ type: "custom.kept", data: {} });
  expect(await plain.next()).toEqual(kept);
});

test("a client that falls behind what is kept is told to begin anew, and that beginnings are gone", async () => {
  const { bus, url, server } = await serve();
  expect(server.port).toBeGreaterThan(0);
  const stream = await openStream(url, path);
  await bus.publish(delta("first "));
  await stream.next();
  // More than a stream keeps, and than the connection holds while nobody reads.
  const piece = "x".repeat(200_000);
  for (let n = 0; n < 60; n += 1) await bus.publish(delta(piece));
  let message = await stream.message();
  while (message.event === "message") message = await stream.message();
  expect(message.event).toBe("reset");
  expect(await stream.message()).toMatchObject({ event: "truncated", data: '{"streamId":"s"}' });
  await bus.publish(delta("last"));
  let content = "";
  while (content !== "last") content = String(Object((await stream.next()).data).content);
});

test.each([["a server that was started without them", { deltas: false }]])("%s refuses deltas", async (_, options) => {
  const { bus, get } = await serve(options);
  expect((await get("/v1/tail?deltas=1")).json).toMatchObject({ status: 400, code: "invalid_config" });
  expect((await get("/v1/tail?deltas=yes")).json).toMatchObject({ status: 400, code: "invalid_config" });
  expect(await bus.subscriptions.list()).toEqual([]);
});

test("the server's own subscription is not among those that it lists, and ends with it", async () => {
  const { bus, get, server } = await serve();
  expect((await get("/v1/subscriptions")).json).toEqual({ subscriptions: [] });
  expect(await bus.subscriptions.list()).toHaveLength(1);
  await server.close();
  expect(await bus.subscriptions.list()).toEqual([]);
});
