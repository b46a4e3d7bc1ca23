import fc from "fast-check";

/** As JSON carries a value, without what publishing refuses: large integers, and one key. */
export function publishable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replaceAll("__proto__", "proto"), (_, one) =>
    typeof one === "number" && Math.abs(one) > Number.MAX_SAFE_INTEGER ? 0 : one,
  );
}

/** Values that a publisher may publish. */
export function publishableJson(constraints: fc.JsonSharedConstraints = {}): fc.Arbitrary<unknown> {
  return fc.jsonValue(constraints).map(publishable);
}
