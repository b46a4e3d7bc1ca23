import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BusError } from "../../../lib/error/bus-error.ts";
import { copyJson, JsonCopier, maxDepth } from "../../../lib/event/copy-json.ts";

/** JSON values as JSON itself gives them back, keys that no object may have left out. */
const json = fc
  .jsonValue()
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
  .filter((value) => !JSON.stringify(value).includes("__proto__") && !hasBeyondSafe(value));

function hasBeyondSafe(value: unknown): boolean {
  if (typeof value === "number") return Math.abs(value) > Number.MAX_SAFE_INTEGER;
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
  throw new Error("it was taken");
}

test("gives what JSON gives back, frozen, and shares nothing", () => {
  fc.assert(
    fc.property(json, (value) => {
      const copy = copyJson(value);
      expect(copy).toStrictEqual(value);
      expect(isDeeplyFrozen(copy)).toBe(true);
      if (typeof value === "object" && value !== null) expect(copy).not.toBe(value);
    }),
  );
});

test("whatever it gets, it gives JSON or throws a BusError of its own", () => {
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

test("bounds the bytes of the copy from above, and not by more than 25 times", () => {
  fc.assert(
    fc.property(json, (value) => {
      const copier = new JsonCopier("data");
      const bytes = Buffer.byteLength(JSON.stringify(copier.copy(value)));
      expect(copier.bytesAtMost).toBeGreaterThanOrEqual(bytes);
      expect(copier.bytesAtMost).toBeLessThanOrEqual(bytes * 25);
    }),
  );
});

describe("as JSON does", () => {
  test("leaves out what is undefined, and keeps the rest in order", () => {
    expect(Object.entries(Object(copyJson({ b: 1, gone: undefined, a: null })))).toEqual([
      ["b", 1],
      ["a", null],
    ]);
  });

  test("makes -0 a 0", () => {
    expect(copyJson([-0, { a: -0 }])).toStrictEqual([0, { a: 0 }]);
  });

  test("reads own enumerable properties with text keys alone", () => {
    const value = Object.defineProperty({ a: 1, [Symbol("s")]: 2 }, "hidden", { value: 3 });
    expect(copyJson(value)).toStrictEqual({ a: 1 });
  });

  test("takes objects without a prototype and from other realms", () => {
    expect(copyJson(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
  });

  test("copies what stands in two places twice", () => {
    const shared = { a: 1 };
    expect(copyJson({ left: shared, right: [shared] })).toStrictEqual({ left: { a: 1 }, right: [{ a: 1 }] });
  });
});

describe("refuses with the path, the value and the fix", () => {
  const halfPair = "\ud800";
  test.each([
    ["NaN", { a: [1, Number.NaN] }, "data.a[1] is NaN: is no JSON number; use null, or leave it out"],
    ["an infinity", { a: Number.NEGATIVE_INFINITY }, "data.a is -Infinity"],
    [
      "an integer beyond 2^53 - 1",
      { a: { b: 2 ** 53 } },
      "data.a.b is 9007199254740992: is beyond 2^53 - 1; give it as text",
    ],
    ["a BigInt", { a: 12n }, "data.a is 12n"],
    ["a function", { a: () => 1 }, "data.a is function a"],
    ["a symbol", { a: Symbol("s") }, "data.a is a symbol"],
    ["undefined in a list", [1, undefined], "data[1] is undefined"],
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tried
    ["a hole in a list", [1, , 2], "data[1] is undefined"],
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
    ["half a surrogate pair", { a: halfPair }, "has half a surrogate pair; use `.toWellFormed()`"],
    ["half a surrogate pair in a key", { [halfPair]: 1 }, "has half a surrogate pair in its key"],
    [
      "__proto__ as a key",
      JSON.parse('{"a":{"__proto__":{"b":1}}}'),
      "data.a.__proto__ is { b }: is a key that no object may have",
    ],
    ["undefined itself", undefined, "data is undefined"],
  ])("%s", (_, value, message) => {
    expect(refusal(value).message).toContain(message);
    expect(refusal(value).code).toBe("invalid_event");
  });

  test("a cycle, at the place that leads back", () => {
    const root: Record<string, unknown> = { name: "root" };
    root.children = [{ parent: root }];
    expect(refusal(root).message).toContain("data.children[0].parent refers back to what holds it");
    expect(refusal(root).details).toEqual({ path: "data.children[0].parent" });
  });

  test("a cycle longer than the search for one is frequent", () => {
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

  test("what throws when it is read, keeping what was thrown", () => {
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

test("takes 1,000 levels and refuses one more, without the stack's help", () => {
  expect(JSON.stringify(copyJson(nested(maxDepth)))).toBe(JSON.stringify(nested(maxDepth)));
  expect(refusal(nested(maxDepth + 1)).message).toContain("is nested deeper than 1000 levels");
  expect(refusal(nested(1_000_000)).message).toContain("is nested deeper than 1000 levels");
});

test("gives up what sharing blows up, long before memory ends", () => {
  let value: unknown = ["x"];
  for (let level = 0; level < 60; level += 1) value = [value, value];
  expect(() => new JsonCopier("data", 10_000).copy(value)).toThrow(
    expect.not.objectContaining({ code: "invalid_event" }),
  );
});
