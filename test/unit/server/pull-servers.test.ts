import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { patient, state, withReaders } from "./readers.ts";

async function embedded() {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const bus = { engine: "embedded", file: join(path, "bus.db") } as const;
  return { options: [{ peerFolder: join(path, "servers") }, bus] as const };
}

test("a server that closes answers pulls, and what clients have in hand returns, its attempt not counted", async () => {
  const { options } = await embedded();
  const first = await withReaders({}, ...options);
  const event = await first.bus.publish({ type: "custom.a", data: {} });
  expect(await first.pull(patient)).toHaveLength(1);
  const waiting = first.pull(patient);
  await first.get("/healthz");
  await first.server.close();
  expect(await waiting).toEqual([]);
  await first.bus.close();
  const second = await withReaders({}, ...options);
  expect(await second.pull(patient)).toMatchObject([{ attempt: 1, event }]);
});

test("of two servers on one file, each settles what the other has handed out", async () => {
  const { options } = await embedded();
  const one = await withReaders({ ackTimeout: "1m", attempts: 1 }, ...options);
  const two = await withReaders({ ackTimeout: "1m", attempts: 1 }, ...options);
  for (let n = 0; n < 4; n += 1) await one.bus.publish({ type: "custom.a", data: { n } });
  const pulled = [...(await one.pull({ max: 2, ...patient })), ...(await two.pull({ max: 2, ...patient }))];
  const [a, b, c, d] = pulled.map(({ receipt }) => receipt);
  expect(pulled).toHaveLength(4);
  expect(await two.settle({ ack: [a, c], reject: [{ receipt: b, error: "no" }] })).toMatchObject([
    { receipt: a, ok: true },
    { receipt: c, ok: true },
    { receipt: b, ok: true },
  ]);
  expect(await one.settle({ extend: [{ receipt: d, ms: 90_000 }] })).toMatchObject([
    { ok: true, ackBy: expect.any(String) },
  ]);
  expect(await one.settle({ ack: [d] })).toMatchObject([{ ok: true }]);
  expect(await two.bus.subscriptions.get("readers")).toMatchObject({ ...state, deadLetters: 1 });
});

test("what a server handed out that is gone comes again, and its receipts say so", async () => {
  const { options } = await embedded();
  const one = await withReaders({}, ...options);
  const two = await withReaders({}, ...options);
  const event = await one.bus.publish({ type: "custom.a", data: {} });
  const [{ receipt }] = await one.pull(patient);
  await one.server.close();
  expect(await two.settle({ ack: [receipt] })).toMatchObject([
    { ok: false, error: { code: "not_found", retryable: false } },
  ]);
  const [again] = await two.pull(patient);
  expect(again).toMatchObject({ attempt: 1, event });
  expect(await two.settle({ ack: [again.receipt] })).toMatchObject([{ ok: true }]);
});
