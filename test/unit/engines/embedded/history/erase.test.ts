import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../../../../lib/index.ts";
import { temporaryDirectory } from "../../../../support/temporary-directory.ts";

async function aFile() {
  const directory = await temporaryDirectory();
  onTestFinished(() => directory.remove());
  const file = join(directory.path, "bus.db");
  return { file, open: () => connect({ engine: "embedded", file, source: "test", logLevel: "silent" }) };
}

test("nothing of what was erased is in the write-ahead log any more, nor in the file once it was compacted", async () => {
  const { file, open } = await aFile();
  const bus = await open();
  const card = "4111-1111-1111-1111";
  const data = { card, text: "x".repeat(10_000) };
  for (let n = 0; n < 50; n += 1) {
    await bus.publish({ type: "custom.paid", data: { ...data, n }, metadata: { userId: n % 2 === 0 ? "ada" : "bob" } });
  }
  expect(await bus.erase({ userId: "ada" })).toMatchObject({ events: 25 });
  expect(await bus.erase({ userId: "bob" })).toMatchObject({ events: 25 });
  expect(readFileSync(`${file}-wal`).includes(card)).toBe(false);
  await bus.close();
  const db = new DatabaseSync(file);
  db.exec("VACUUM");
  db.close();
  expect(readFileSync(file).includes(card)).toBe(false);
});

test("another process that has the event in memory delivers it no more", async () => {
  const { open } = await aFile();
  const reader = await open();
  const seen: unknown[] = [];
  const subscription = { name: "readers", on: "custom.paid" } as const;
  const first = await reader.subscribe(subscription, () => {});
  await first.close();
  const publisher = await open();
  // The reader has published it itself, and so holds it by its position.
  const { id } = await reader.publish({ type: "custom.paid", data: { card: "4111" }, metadata: { userId: "ada" } });
  expect(await publisher.erase({ userId: "ada" })).toMatchObject({ events: 1 });
  await reader.subscribe(subscription, ({ data }) => void seen.push(data));
  await reader.settled(id);
  expect(seen).toEqual([]);
  expect((await reader.history.get(id))?.data).toEqual({});
  await Promise.all([reader.close(), publisher.close()]);
});
