import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { taskCreated } from "../../../lib/catalog/index.ts";
import { connect } from "../../../lib/connect/connect.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

class Settings {
  timeout = "1s";
}

/** What plain JavaScript may pass. Each is made anew, as a proxy or a promise may be used up. */
const oddities: readonly (() => unknown)[] = [
  () => Symbol("odd"),
  () => () => {},
  () => class {},
  () => Promise.resolve({}),
  () => new Map([["timeout", 5]]),
  () => new Set(["task.created"]),
  () => new Date(Number.NaN),
  () => new Settings(),
  () => taskCreated,
  () => ({ ...taskCreated, type: 5 }),
  () => Object.create(null),
  () => new AbortController().signal,
  () => AbortSignal.abort(),
  () => ({ aborted: false, addEventListener: null }),
  () =>
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("no");
        },
        ownKeys: () => {
          throw new Error("no");
        },
      },
    ),
  () =>
    new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error("no");
        },
        has: () => {
          throw new Error("no");
        },
      },
    ),
  () => ({
    get id() {
      throw new TypeError("no");
    },
    get on() {
      throw new TypeError("no");
    },
  }),
  () => ({
    toString: () => {
      throw new Error("no");
    },
    [Symbol.toPrimitive]: () => ({}),
  }),
  () => ({
    toJSON: () => {
      throw new Error("no");
    },
  }),
  () => "\ud800",
  () => "a\u0000b",
  () => "x".repeat(100_000),
  () => null,
  () => 10n ** 400n,
  () => -0,
];
type Make = () => unknown;

const anything = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
});
const right = fc.constantFrom<unknown>("task.created", "task.*", "custom.x", "5s", 0, 1, "2026-01-01T00:00:00Z");
// Made when they are used: fast-check itself cannot look at all of them.
const value: fc.Arbitrary<Make> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...oddities) },
  { weight: 2, arbitrary: anything.map((one) => () => one) },
  { weight: 1, arbitrary: right.map((one) => () => one) },
);
const listOf = (items: fc.Arbitrary<Make>, maxLength: number): fc.Arbitrary<Make> =>
  fc.array(items, { maxLength }).map((made) => () => made.map((make) => make()));
const names = ["on", "where", "any", "all", "of", "count", "timeout", "signal", "since", "until", "type", "ids", "tag"];
const ofPublish = ["data", "metadata", "id", "time", "dedupe", "delay", "deliverAt", "filter", "batch", "use"];
const more = ["limit", "cursor", "order", "window", "source", "correlationId", "happenedSince", "agentId", "name"];
const fields: fc.Arbitrary<Make> = fc
  .dictionary(fc.constantFrom(...names, ...more, ...ofPublish), fc.oneof(value, listOf(value, 3)), { maxKeys: 3 })
  .map((made) => () => Object.fromEntries(Object.entries(made).map(([name, make]) => [name, make()])));
const argument = fc.oneof(value, fields, listOf(value, 2));

const calls = [
  "publish",
  "publishAll",
  "emit.task.created",
  "subscribe",
  "waitFor",
  "settled",
  "history.get",
  "history.query",
  "history.flow",
  "history.stats",
  "history.tail",
  "subscriptions.get",
  "subscriptions.delete",
] as const;
/** The refusals, and how a call ends that was right after all. */
const codes = [
  "invalid_config",
  "invalid_event",
  "event_too_large",
  "invalid_pattern",
  "unknown_type",
  "not_found",
  "aborted",
  "timeout",
  "closed",
];

describe.each(["memory", "embedded"] as const)("on %s", (engine) => {
  let remove: () => Promise<void>;
  let file: string;
  beforeAll(async () => {
    const directory = await temporaryDirectory();
    remove = directory.remove;
    file = join(directory.path, "bus.db");
  });
  afterAll(() => remove());

  test.each(calls)("%s gives a BusError for whatever is no argument of it", async (name) => {
    const bus = await connect({ source: "test", ...(engine === "memory" ? { engine } : { engine, file }) });
    await bus.emit.task.created({ taskId: "a" });
    // What is right waits: the closing of the bus ends it. What is never settled is a hang, which ends the test.
    const waiting: Promise<unknown>[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(argument, { maxLength: 3 }), async (made) => {
        const args = made.map((make) => make());
        waiting.push(outcome(() => invoke(bus, name, args)));
      }),
      { numRuns: 400 },
    );
    await bus.close();
    for (const error of await Promise.all(waiting)) {
      if (error === undefined) continue;
      expect(error).toBeInstanceOf(BusError);
      expect(codes).toContain(Reflect.get(Object(error), "code"));
    }
  });
});

/** Calls a method of the bus by its path, and takes the first of what it iterates over. */
async function invoke(bus: object, path: string, args: readonly unknown[]): Promise<unknown> {
  const steps = path.split(".");
  let owner: unknown = bus;
  for (const step of steps.slice(0, -1)) owner = Reflect.get(Object(owner), step);
  const method: unknown = Reflect.get(Object(owner), steps.at(-1) ?? "");
  if (typeof method !== "function") throw new Error(`${path} is no method`);
  const result: unknown = await Reflect.apply(method, owner, args);
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) return result;
  const iterator: unknown = Reflect.apply(Object(result)[Symbol.asyncIterator], result, []);
  return Reflect.apply(Object(iterator).next, iterator, []);
}

/** What a call rejects with; undefined where it resolves. */
async function outcome(call: () => Promise<unknown>): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (thrown) {
    return thrown;
  }
}
