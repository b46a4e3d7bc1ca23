import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type Bus, type BusError, connect } from "wagglebus";
import { temporaryDirectory } from "../support/temporary-directory.ts";

// Wrong arguments of what waits and looks up ended in raw TypeErrors, in waits of 30 s (`timeout: null`), in SQLite's own words
// under `unavailable`, or were taken in silence: a Map for a query without filters, `any` beside `all`, a misspelt option.
const symbol = Symbol("id");
const throwing = {
  get timeout() {
    throw new TypeError("not here");
  },
};
const task = "task.created";
const wrong: Record<string, [call: (bus: Bus) => unknown, says: string | RegExp, code?: string]> = {
  "waitFor nothing": [
    (bus) => call(bus.waitFor),
    "waitFor: the matcher is missing; it must be a definition, a type name",
  ],
  "waitFor null": [(bus) => call(bus.waitFor, null), "waitFor: the matcher must be a definition, a type name"],
  "waitFor a list": [(bus) => call(bus.waitFor, [task]), /^waitFor: the matcher must be .*, not an array of 1$/],
  "waitFor an event": [(bus) => call(bus.waitFor, { type: task, id: "a" }), "waitFor: unknown option type"],
  "waitFor a name that no type can have": [(bus) => call(bus.waitFor, "Custom Thing"), "unknown type", "unknown_type"],
  "waitFor a custom name that no type can have": [
    (bus) => call(bus.waitFor, "custom.Thing"),
    'the type "custom.Thing" must',
  ],
  "waitFor without a type": [(bus) => call(bus.waitFor, { on: [] }), "waitFor: on must have at least one type"],
  "waitFor a type that is a symbol": [
    (bus) => call(bus.waitFor, { on: [task, symbol] }),
    "waitFor: on must be a definition",
  ],
  "waitFor a misspelt where": [
    (bus) => call(bus.waitFor, { on: task, wher: {} }),
    'unknown option wher; did you mean "where"?',
  ],
  "waitFor where null": [(bus) => call(bus.waitFor, { on: task, where: null }), "pattern", "invalid_pattern"],
  "waitFor any beside all": [(bus) => call(bus.waitFor, { any: [task], all: [task] }), "waitFor: unknown option all"],
  "waitFor any of nothing": [(bus) => call(bus.waitFor, { any: [] }), "waitFor: any must have at least 1 element"],
  "waitFor all of nothing": [(bus) => call(bus.waitFor, { all: [] }), "waitFor: all must have at least 1 element"],
  "waitFor any of a text": [(bus) => call(bus.waitFor, { any: task }), "waitFor: any must be an array"],
  "waitFor any of null": [(bus) => call(bus.waitFor, { any: [null] }), "waitFor: any[0]: the matcher must be"],
  "waitFor a count without of": [(bus) => call(bus.waitFor, { count: 2 }), "waitFor: of is missing"],
  "waitFor of without a count": [(bus) => call(bus.waitFor, { of: [task] }), "waitFor: count is missing"],
  "waitFor half an event": [
    (bus) => call(bus.waitFor, { count: 0.5, of: [task] }),
    "waitFor: count must be an integer",
  ],
  "waitFor with timeout null": [
    (bus) => call(bus.waitFor, task, { timeout: null }),
    "waitFor: timeout must be a duration",
  ],
  "waitFor with null": [(bus) => call(bus.waitFor, task, null), "waitFor: the options must be an object"],
  "waitFor with a Map": [(bus) => call(bus.waitFor, task, new Map()), /must be an object .*, not an instance of Map$/],
  "waitFor with a wrong signal": [
    (bus) => call(bus.waitFor, task, { signal: {} }),
    "waitFor: signal must be an AbortSignal, not {}",
  ],
  "waitFor since a symbol": [
    (bus) => call(bus.waitFor, task, { since: symbol }),
    "waitFor: since must be an event, or an RFC 3339",
  ],
  "waitFor since an event without an id": [
    (bus) => call(bus.waitFor, task, { since: { id: 5 } }),
    "waitFor: the id of since must be",
  ],
  "waitFor with what cannot be read": [
    (bus) => call(bus.waitFor, task, throwing),
    "the options cannot be read: TypeError: not here",
  ],
  "settled of nothing": [(bus) => call(bus.settled), "settled: the correlation id is missing"],
  "settled of a symbol": [(bus) => call(bus.settled, symbol), "settled: the correlation id must be a string"],
  "settled with timeout null": [
    (bus) => call(bus.settled, "flow", { timeout: null }),
    "settled: timeout must be a duration",
  ],
  "settled with a wrong signal": [
    (bus) => call(bus.settled, "flow", { signal: null }),
    "settled: signal must be an AbortSignal, not null",
  ],
  "tail with a misspelt option": [
    (bus) => call(bus.history.tail, {}, { sinc: 1 }),
    'history.tail: unknown option sinc; did you mean "since"?',
  ],
  "tail with null": [(bus) => call(bus.history.tail, {}, null), "history.tail: the options must be an object"],
  "tail with a wrong signal": [
    (bus) => call(bus.history.tail, {}, { signal: 5 }),
    "history.tail: signal must be an AbortSignal, not 5",
  ],
  "tail since a number": [(bus) => call(bus.history.tail, {}, { since: 5 }), "history.tail: since must be an event"],
  "tail of a type": [(bus) => call(bus.history.tail, task), "history.tail: the query must be an object"],
  "query of a Map": [
    (bus) => call(bus.history.query, new Map([["type", task]])),
    /the query must be an object .*, not an instance of Map$/,
  ],
  "query of a promise": [(bus) => call(bus.history.query, Promise.resolve({})), /not an instance of Promise$/],
  "query of null": [(bus) => call(bus.history.query, null), "history.query: the query must be an object"],
  "query by a symbol": [(bus) => call(bus.history.query, { ids: [symbol] }), "history.query: ids[0] must be a string"],
  "query with a cursor of nothing": [
    (bus) => call(bus.history.query, { cursor: "n1" }),
    'cursor "n1" is not a cursor of this bus',
  ],
  "stats of a list": [(bus) => call(bus.history.stats, []), "history.stats: the query must be an object"],
  "stats by an hour and a half minute": [
    (bus) => call(bus.history.stats, { window: "90s" }),
    "stats: window must be a number of whole",
  ],
  "get of a symbol": [(bus) => call(bus.history.get, symbol), "history.get: the id must be a string"],
  "get of nothing": [(bus) => call(bus.history.get), "history.get: the id is missing"],
  "flow of an object": [
    (bus) => call(bus.history.flow, { id: "flow" }),
    "history.flow: the correlation id must be a string",
  ],
  "a subscription by number": [(bus) => call(bus.subscriptions.get, 5), "subscriptions.get: the name must be a string"],
  "deletion of null": [
    (bus) => call(bus.subscriptions.delete, null),
    "subscriptions.delete: the name must be a string",
  ],
};

/** Calls as plain JavaScript does; what is thrown at once counts as what rejects. */
async function call(method: (...args: never[]) => unknown, ...args: unknown[]): Promise<void> {
  await Reflect.apply(method, undefined, args);
}

/** The same for a method that needs its bus. */
function unbound(bus: Bus): Bus {
  return new Proxy(bus, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

const engines = ["memory", "embedded"] as const;

async function open(engine: (typeof engines)[number]): Promise<Bus> {
  const { path, remove } = await temporaryDirectory();
  const options = engine === "memory" ? { engine } : { engine, file: join(path, "bus.db") };
  const bus = await connect({ ...options, source: "regression" });
  onTestFinished(async () => {
    await bus.close();
    await remove();
  });
  return bus;
}

test.each(engines)("%s refuses each at once, and says what is wrong", async (engine) => {
  const bus = await open(engine);
  for (const [title, [act, says, code = "invalid_config"]] of Object.entries(wrong)) {
    const error = await Promise.resolve(act(unbound(bus))).then(
      () => undefined,
      (thrown: BusError) => thrown,
    );
    expect(error, title).toMatchObject({ name: "BusError", code });
    expect(error?.message, title).toMatch(says);
  }
});

test.each(engines)("%s refuses a cursor with another query, and goes on with its own", async (engine) => {
  const bus = await open(engine);
  for (const taskId of ["a", "b", "c"]) await bus.emit.task.created({ taskId });
  const { cursor = "" } = await bus.history.query({ type: task, limit: 2 });
  await expect(bus.history.query({ type: "task.*", cursor })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("belongs to another query"),
  });
  const { events } = await bus.history.query({ type: task, cursor });
  expect(events.map(({ data }) => data)).toEqual([{ taskId: "a" }]);
});
