import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { Engine } from "../../../../../lib/engine/engine.ts";
import type { Logger } from "../../../../../lib/runtime/logger.ts";
import { anEvent } from "../../../../support/an-event.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench, publish } from "../bench.ts";

const limit = 256 * 1_024;
const large = "x".repeat(40_000);

function recording() {
  const lines: { level: string; fields: unknown }[] = [];
  const at = (level: string) => (_: string, fields?: unknown) => lines.push({ level, fields });
  const logger: Logger = { debug: () => {}, info: at("info"), warn: at("warn"), error: at("error") };
  return { lines, logger };
}

async function fill(engine: Engine, from: number): Promise<void> {
  for (let n = from; n < from + 20; n += 1) await publish(engine, anEvent({ id: `e${n}`, data: { large } }));
}

test("a log that a reader of another program holds is reported once, and cut back as soon as that has ended", async () => {
  const bench = await Bench.make();
  const { lines, logger } = recording();
  const engine = await bench.open({ logger, logLimit: limit });
  await publish(engine, anEvent({ id: "first" }));
  const size = () => statSync(`${bench.file}-wal`).size;
  const reader = new DatabaseSync(bench.file);
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM events").get();

  await fill(engine, 0);
  await eventually("it is reported", () => lines.length > 0);
  await fill(engine, 20);
  expect(lines).toMatchObject([{ level: "warn", fields: { file: bench.file, command: `fuser ${bench.file}` } }]);
  expect(size()).toBeGreaterThan(40 * large.length);

  reader.exec("COMMIT");
  reader.close();
  await eventually("it is short", () => size() <= limit);
  await eventually("that is reported too", () => lines.length === 2);
  expect(lines[1]).toMatchObject({ level: "info" });
  expect(bench.errors).toEqual([]);
});

test("a process that opens the file says so at once; a log that nobody holds is cut back without a word", async () => {
  const bench = await Bench.make();
  const engine = await bench.open({ logLimit: limit, processCheckMs: 3_600_000 });
  await publish(engine, anEvent({ id: "first" }));
  const reader = new DatabaseSync(bench.file);
  reader.exec("BEGIN");
  reader.prepare("SELECT count(*) FROM events").get();
  await fill(engine, 0);

  const other = recording();
  await bench.open({ logger: other.logger, logLimit: limit, processCheckMs: 3_600_000 });
  expect(other.lines).toMatchObject([{ level: "warn" }]);
  reader.exec("COMMIT");
  reader.close();
  const third = recording();
  await bench.open({ logger: third.logger, logLimit: limit });
  expect(statSync(`${bench.file}-wal`).size).toBeLessThanOrEqual(limit);
  expect(third.lines).toEqual([]);
});
