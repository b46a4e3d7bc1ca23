import { pino } from "pino";
import { afterEach, expect, test, vi } from "vitest";
import { connect } from "../../../lib/connect/index.ts";
import { jsonLogger, type LoggerLike, toLogger } from "../../../lib/runtime/logger.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs a handler that logs and then fails for good, on a bus with this logger. */
async function logged(logger: LoggerLike): Promise<void> {
  await using bus = await connect({ engine: "memory", source: "test", logger });
  await bus.subscribe({ name: "readers", on: "custom.page", attempts: 1 }, (_event, { log }) => {
    log.info("reading", { page: 7 });
    throw new Error("torn");
  });
  const { id } = await bus.publish({ type: "custom.page", data: {}, id: "page-7" });
  await bus.settled(id);
}

const fields = { subscription: "readers", attempt: 1, eventId: "page-7", type: "custom.page", correlationId: "page-7" };

test("pino is called with the fields first", async () => {
  const lines: unknown[] = [];
  const logger = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  await logged(logger);
  expect(lines).toEqual([
    { level: 30, msg: "reading", ...fields, page: 7 },
    { level: 50, msg: "delivery is dead", ...fields, code: "handler_error", attempts: 1 },
  ]);
});

test("a child of pino keeps its bindings and its level", async () => {
  const lines: unknown[] = [];
  const parent = pino({ base: null, timestamp: false }, { write: (line) => lines.push(JSON.parse(line)) });
  await logged(parent.child({ service: "planner" }, { level: "error" }));
  expect(lines).toEqual([
    { level: 50, msg: "delivery is dead", service: "planner", ...fields, code: "handler_error", attempts: 1 },
  ]);
});

test("console is called with the message first", async () => {
  const info = vi.spyOn(console, "info").mockReturnValue();
  const error = vi.spyOn(console, "error").mockReturnValue();
  await logged(console);
  expect(info.mock.calls).toEqual([["reading", { ...fields, page: 7 }]]);
  expect(error.mock.calls).toEqual([["delivery is dead", { ...fields, code: "handler_error", attempts: 1 }]]);
});

test("a logger in the manner of winston, whose methods need their `this` and give it back, works too", async () => {
  class Leveled {
    readonly lines: unknown[] = [];
    #log(level: string, message: string, meta: unknown[]): this {
      this.lines.push([level, message, ...meta]);
      return this;
    }
    debug(message: string, ...meta: unknown[]): this {
      return this.#log("debug", message, meta);
    }
    info(message: string, ...meta: unknown[]): this {
      return this.#log("info", message, meta);
    }
    warn(message: string, ...meta: unknown[]): this {
      return this.#log("warn", message, meta);
    }
    error(message: string, ...meta: unknown[]): this {
      return this.#log("error", message, meta);
    }
  }
  const logger = new Leveled();
  await logged(logger);
  expect(logger.lines).toEqual([
    ["info", "reading", { ...fields, page: 7 }],
    ["error", "delivery is dead", { ...fields, code: "handler_error", attempts: 1 }],
  ]);
});

test("every level goes to its own, also without fields", () => {
  const lines: unknown[] = [];
  const logger = toLogger(
    pino({ base: null, timestamp: false, level: "debug" }, { write: (line) => lines.push(JSON.parse(line)) }),
  );
  for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
  expect(lines).toEqual([
    { level: 20, msg: "debug" },
    { level: 30, msg: "info" },
    { level: 40, msg: "warn" },
    { level: 50, msg: "error" },
  ]);
});

test("a logger that needs no other order of arguments is taken as it is", () => {
  const logger = jsonLogger(() => {});
  expect(toLogger(logger)).toBe(logger);
});

test("what is no logger is refused with the methods that it lacks", async () => {
  // @ts-expect-error a Map has no levels
  const logger: LoggerLike = new Map();
  await expect(connect({ engine: "memory", logger })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("logger must be an object with the methods debug, info, warn, error"),
  });
});
