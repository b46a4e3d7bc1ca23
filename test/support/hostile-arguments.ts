import * as fc from "fast-check";
import { taskCreated } from "../../lib/catalog/index.ts";

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
/** What a call in plain JavaScript may be given, right or wrong. Each is made when it is used: a promise may be used up. */
export const hostileArgument: fc.Arbitrary<() => unknown> = fc.oneof(value, fields, listOf(value, 2));
