import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { copyJson, JsonCopier, maxDepth } from "../../../lib/event/copy-json.ts";

/** JSON values after a round trip through JSON, without the keys that copyJson refuses. */
const json = fc
  .jsonValue()
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
  .filter((value) => !JSON.stringify(value).includes("__proto__") && !hasBeyondSafe(value));

function hasBeyondSafe(value: unknown): boolean {
  if (typeof value === "number") return Math.abs(value) > Number.MAX_SAFE_INTEGER && Math.abs(value) < 1e21;
  return typeof value === "object" && value !== null && Object.values(value).some(hasBeyondSafe);
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

function nested(levels: number): unknown {
  let value: unknown = {};
  for (let level = 1; level < levels; level += 1) value = level % 2 === 0 ? { inner: value } : [value];
  return value;
}

function refusal(value: unknown): BusError {
  try {
    copyJson(value);
  } catch (thrown) {
    if (thrown instanceof BusError) return thrown;
    throw thrown;
  }
  throw new Error("it was accepted");
}

test("copyJson returns the same value as a JSON round trip, frozen and sharing nothing", () => {
  fc.assert(
    fc.property(json, (value) => {
      const copy = copyJson(value);
      expect(copy).toStrictEqual(value);
      expect(isDeeplyFrozen(copy)).toBe(true);
      if (typeof value === "object" && value !== null) expect(copy).not.toBe(value);
    }),
  );
});

test("copyJson returns JSON or throws a BusError for any value", () => {
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withNullPrototype: true,
        withObjectString: true,
        withTypedArray: true,
        withSparseArray: true,
        withBoxedValues: true,
      }),
      (value) => {
        try {
          const copy = copyJson(value);
          expect(JSON.parse(JSON.stringify(copy))).toStrictEqual(copy);
        } catch (thrown) {
          if (!(thrown instanceof BusError)) throw thrown;
          expect(thrown.code).toBe("invalid_event");
        }
      },
    ),
  );
});

test("bytesAtMost is an upper bound on the size, at most 25 times the true size", () => {
  fc.assert(
    fc.property(json, (value) => {
      const copier = new JsonCopier("data");
      const bytes = Buffer.byteLength(JSON.stringify(copier.copy(value)));
      expect(copier.bytesAtMost).toBeGreaterThanOrEqual(bytes);
      expect(copier.bytesAtMost).toBeLessThanOrEqual(bytes * 25);
    }),
  );
});

describe("like JSON, copyJson", () => {
  test("omits properties that are undefined, and keeps the order of the rest", () => {
    expect(Object.entries(Object(copyJson({ b: 1, gone: undefined, a: null })))).toEqual([
      ["b", 1],
      ["a", null],
    ]);
  });

  test("converts -0 to 0", () => {
    expect(copyJson([-0, { a: -0 }])).toStrictEqual([0, { a: 0 }]);
  });

  test("reads only own enumerable properties with string keys", () => {
    const value = Object.defineProperty({ a: 1, [Symbol("s")]: 2 }, "hidden", { value: 3 });
    expect(copyJson(value)).toStrictEqual({ a: 1 });
  });

  test("accepts objects without a prototype", () => {
    expect(copyJson(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
  });

  test("copies a shared object once for each reference", () => {
    const shared = { a: 1 };
    expect(copyJson({ left: shared, right: [shared] })).toStrictEqual({ left: { a: 1 }, right: [{ a: 1 }] });
  });
});

test("copyJson keeps numbers beyond 2^53 that have lost no digits", () => {
  const numbers = [6e18, -1e20, 123456789012345e6, 1e21, -(2 ** 90), 1e300, Number.MAX_VALUE];
  expect(copyJson(numbers)).toStrictEqual(numbers);
  for (const lost of [2 ** 53, -(2 ** 60), 1234567890123456e5])
    expect(() => copyJson(lost)).toThrow("pass it as a string");
});

describe("copyJson refuses, with the path, the value and the fix,", () => {
  const loneSurrogate = "\ud800";
  test.each([
    ["NaN", { a: [1, Number.NaN] }, "data.a[1] is NaN: JSON has no such number; use null, or remove it"],
    ["an infinity", { a: Number.NEGATIVE_INFINITY }, "data.a is -Infinity"],
    [
      "an integer beyond 2^53 - 1",
      { a: { b: 2 ** 53 } },
      "data.a.b is 9007199254740992: it is beyond 2^53 - 1, where integers are not exact; pass it as a string",
    ],
    ["a BigInt", { a: 12n }, "data.a is 12n: JSON has no BigInt"],
    ["a function", { a: () => 1 }, "data.a is function a"],
    ["a symbol", { a: Symbol("s") }, "data.a is a symbol"],
    ["undefined in an array", [1, undefined], "data[1] is undefined"],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what this case tests
    ["a hole in an array", [1, , 2], "data[1] is undefined"],
    [
      "a date",
      { at: new Date(0) },
      "data.at is Date 1970-01-01T00:00:00.000Z: JSON has no dates; use `.toISOString()`",
    ],
    [
      "a Map",
      { a: { "odd key": new Map() } },
      'data.a["odd key"] is an instance of Map: JSON has no maps; use `Object.fromEntries(map)`',
    ],
    ["a Set", { a: new Set() }, "use `[...set]`"],
    ["bytes", { a: Buffer.from("x") }, "data.a is an instance of Buffer"],
    ["an instance of a class", { a: new (class Order {})() }, "data.a is an instance of Order"],
    ["a lone surrogate", { a: loneSurrogate }, "it has a lone surrogate; use `.toWellFormed()`"],
    ["a lone surrogate in a key", { [loneSurrogate]: 1 }, "its key has a lone surrogate"],
    [
      "__proto__ as a key",
      JSON.parse('{"a":{"__proto__":{"b":1}}}'),
      "data.a.__proto__ is { b }: the key __proto__ is not allowed",
    ],
    ["undefined itself", undefined, "data is undefined"],
  ])("%s", (_, value, message) => {
    expect(refusal(value).message).toContain(message);
    expect(refusal(value).code).toBe("invalid_event");
  });

  test("a cycle, at the path of the reference that closes it", () => {
    const root: Record<string, unknown> = { name: "root" };
    root.children = [{ parent: root }];
    expect(refusal(root).message).toContain("data.children[0].parent refers back to an object that contains it");
    expect(refusal(root).details).toEqual({ path: "data.children[0].parent" });
  });

  test("a cycle that is longer than the interval between searches", () => {
    const head: Record<string, unknown> = {};
    let tail = head;
    for (let step = 0; step < 100; step += 1) {
      const next = {};
      tail.next = next;
      tail = next;
    }
    tail.next = head;
    expect(refusal(head).message).toContain("refers back");
  });

  test("a getter that throws, with the thrown value as the cause", () => {
    const cause = new Error("gone");
    const value = {
      a: {
        get b() {
          throw cause;
        },
      },
    };
    expect(refusal(value).message).toContain("data.a cannot be read: Error: gone");
    expect(refusal(value).cause).toBe(cause);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(refusal({ proxy }).message).toContain("data.proxy cannot be read: TypeError");
  });
});

test("copyJson accepts 1,000 levels and refuses more without overflowing the stack", () => {
  expect(JSON.stringify(copyJson(nested(maxDepth)))).toBe(JSON.stringify(nested(maxDepth)));
  expect(refusal(nested(maxDepth + 1)).message).toContain("is nested deeper than 1000 levels");
  expect(refusal(nested(1_000_000)).message).toContain("is nested deeper than 1000 levels");
});

test("a copy that shared references expand without limit is abandoned at the size limit", () => {
  let value: unknown = ["x"];
  for (let level = 0; level < 60; level += 1) value = [value, value];
  expect(() => new JsonCopier("data", 10_000).copy(value)).toThrow(
    expect.not.objectContaining({ code: "invalid_event" }),
  );
});
