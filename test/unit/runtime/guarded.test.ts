import { afterEach, expect, test, vi } from "vitest";
import { BusError, type ConnectOptions, connect } from "wagglebus";
import type { EngineContext } from "../../../lib/engine/engine.ts";
import { MemoryEngine } from "../../../lib/engines/memory/index.ts";
import { guardLogger, jsonLogger } from "../../../lib/runtime/logger.ts";
import { eventually } from "../../support/eventually.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const refusing = (): never => {
  throw new Error("no pen");
};
const rejecting = () => Promise.reject(new Error("no ink"));
const levels = ["debug", "info", "warn", "error"] as const;
const logging = (call: () => unknown) => ({ debug: call, info: call, warn: call, error: call });

/** What goes to stderr, line by line. */
function stderr(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  vi.spyOn(process.stderr, "write").mockImplementation((line) => {
    lines.push(JSON.parse(String(line)));
    return true;
  });
  return lines;
}

/** A bus whose engine tells of an error that no caller sees, while one delivery fails for good. */
async function failing(options: ConnectOptions): Promise<void> {
  const engine = async (context: EngineContext) => {
    queueMicrotask(() => context.onError(new BusError("unavailable", "the disk is slow")));
    return new MemoryEngine(context);
  };
  await using bus = await connect({ ...options, engine, source: "test" });
  await bus.subscribe({ name: "readers", on: "custom.page", attempts: 1 }, refusing);
  const { id } = await bus.publish({ type: "custom.page", data: {} });
  expect(await bus.settled(id)).toMatchObject({ status: "failed", deadLetters: [{ attempts: 1 }] });
  expect(await bus.metrics()).toMatchObject({ running: 0, deadLettered: 1 });
}

test.each([
  ["throws", refusing, "no pen"],
  ["rejects", rejecting, "no ink"],
])("a logger that %s changes nothing for a delivery; its lines go to stderr", async (_, call, why) => {
  const lines = stderr();
  await failing({ logger: logging(call) });
  await eventually("both lines are written", () => lines.length === 2);
  expect(lines).toMatchObject([
    { level: "error", message: "the disk is slow", loggerFailed: why },
    { level: "error", message: "delivery is dead", subscription: "readers", loggerFailed: why },
  ]);
});

test.each([
  ["throws", refusing, "no pen"],
  ["rejects", rejecting, "no ink"],
])("an `onError` that %s changes nothing for a delivery; the error is logged", async (_, onError, reason) => {
  const lines = stderr();
  await failing({ onError });
  await eventually("all lines are written", () => lines.length === 3);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: "error", message: "the disk is slow", code: "unavailable" }),
      expect.objectContaining({ level: "error", message: "onError failed", reason }),
    ]),
  );
});

test("a line goes to the fallback at its own level, with its fields", () => {
  const lines: unknown[] = [];
  const fallback = jsonLogger((line) => lines.push(JSON.parse(line)), "debug");
  const logger = guardLogger(logging(refusing), fallback);
  for (const level of levels) logger[level](`at ${level}`, { page: 7 });
  expect(lines).toMatchObject(
    levels.map((level) => ({ level, message: `at ${level}`, page: 7, loggerFailed: "no pen" })),
  );
});

test("fields that are no JSON are left out of a line, and the line is written", () => {
  const lines: unknown[] = [];
  const logger = jsonLogger((line) => lines.push(JSON.parse(line)), "info");
  logger.info("reading", { page: 7n });
  expect(lines).toMatchObject([
    { level: "info", message: "reading", fieldsLeftOut: expect.stringContaining("BigInt") },
  ]);
});
