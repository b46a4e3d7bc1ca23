import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../../lib/connect/connect.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { hostileArgument } from "../../support/hostile-arguments.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const calls = [
  "publish",
  "publishAll",
  "emit.task.created",
  "subscribe",
  "on",
  "waitFor",
  "settled",
  "history.get",
  "history.query",
  "history.flow",
  "history.stats",
  "history.tail",
  "subscriptions.list",
  "subscriptions.get",
  "subscriptions.rates",
  "subscriptions.pause",
  "subscriptions.resume",
  "subscriptions.delete",
  "deadLetters.list",
  "deadLetters.get",
  "deadLetters.redrive",
  "deadLetters.discard",
  "replay",
  "replayArchive",
  "erase",
  "metrics",
] as const;
/** What is no call with arguments, besides `emit`, of which one stands for all. */
const others = ["engine", "emit", "history", "deadLetters", "subscriptions", "close"];
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

  test("every method of a bus is called", async () => {
    const bus = await connect({ source: "test", engine: "memory" });
    const methods = (of: object, prefix = "") => namesOf(of).map((name) => `${prefix}${name}`);
    const groups = ["history", "deadLetters", "subscriptions"] as const;
    const all = [...methods(bus), ...groups.flatMap((group) => methods(bus[group], `${group}.`))];
    expect(all.filter((name) => !others.includes(name)).sort()).toEqual(
      calls.filter((name) => !name.startsWith("emit")).toSorted(),
    );
    await bus.close();
  });

  test.each(calls)("%s gives a BusError for whatever is no argument of it", async (name) => {
    const bus = await connect({ source: "test", ...(engine === "memory" ? { engine } : { engine, file }) });
    await bus.emit.task.created({ taskId: "a" });
    // What is right waits: the closing of the bus ends it. What is never settled is a hang, which ends the test.
    const waiting: Promise<unknown>[] = [];
    await fc.assert(
      fc.asyncProperty(fc.array(hostileArgument, { maxLength: 3 }), async (made) => {
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

/** Public members, of an object or of its class. */
function namesOf(object: object): string[] {
  const prototype: unknown = Object.getPrototypeOf(object);
  const inherited = prototype === Object.prototype ? [] : Object.getOwnPropertyNames(prototype);
  return [...new Set([...Object.keys(object), ...inherited])].filter((name) => name !== "constructor");
}
