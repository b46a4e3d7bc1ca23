import fc from "fast-check";

const texts = [
  "a",
  "b",
  "ab",
  "abc",
  "ABC",
  "x",
  "",
  "5",
  "é",
  "ß",
  "SS",
  "a*c",
  "a\\c",
  "10.0.0.1",
  "::1",
  "日本",
  "true",
];
const numbers = [-5, -0.5, -0, 0, 0.1, 1, 5, 100, 300, 1e21];
const names = ["a", "b", "c", "a.b", "b.c", "__proto__", "constructor"];

const text = fc.constantFrom(...texts);
const number = fc.constantFrom(...numbers);
const scalar = fc.oneof(text, number, fc.constantFrom(true, false, null));
const wildcard = fc.constantFrom("*", "a*", "*b", "*a*", "a*c", "a\\*c", "*\\\\*", "*本");

const numeric = fc.oneof(
  fc.tuple(fc.constantFrom("=", "<", "<=", ">", ">="), number),
  fc.tuple(
    fc.constantFrom(">", ">="),
    fc.constantFrom(-5, 0, 0.1),
    fc.constantFrom("<", "<="),
    fc.constantFrom(1, 300),
  ),
);

const excluded = fc.oneof(
  text,
  number,
  fc.array(text, { minLength: 1, maxLength: 3 }),
  fc.array(number, { minLength: 1, maxLength: 3 }),
  fc.record({ prefix: fc.constantFrom("a", "é", "10") }),
  fc.record({ suffix: fc.array(fc.constantFrom("c", "C", "1"), { minLength: 1, maxLength: 2 }) }),
  fc.record({ "equals-ignore-case": text }),
  fc.record({ wildcard }),
);

/** A field value that AWS's engine accepts. */
export const patternValue = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.record({ prefix: fc.oneof(text, fc.record({ "equals-ignore-case": text })) }),
  fc.record({ suffix: fc.oneof(text, fc.record({ "equals-ignore-case": text })) }),
  fc.record({ "equals-ignore-case": text }),
  fc.record({ wildcard }),
  fc.record({ numeric }),
  fc.record({ cidr: fc.constantFrom("10.0.0.0/8", "0.0.0.0/0", "::/0", "10.0.0.0/31") }),
  fc.record({ exists: fc.boolean() }),
  fc.record({ "anything-but": excluded }),
);

const field = fc.constantFrom(...names);
const values = fc.array(patternValue, { minLength: 1, maxLength: 3 });

const fields = fc.letrec<{ fields: Record<string, unknown> }>((tie) => ({
  fields: fc
    .array(fc.tuple(field, fc.oneof({ maxDepth: 2, withCrossShrink: true }, values, tie("fields"))), {
      minLength: 1,
      maxLength: 3,
    })
    .map((entries) => Object.fromEntries(entries)),
})).fields;

const alternatives = fc.array(fields, { minLength: 2, maxLength: 3 });

/** A valid pattern, up to three levels deep, with `$or` at its root, below a field, within another `$or`, or without `$or`. */
export const pattern = fc.oneof(
  { weight: 3, arbitrary: fields },
  fc.tuple(fields, alternatives).map(([others, $or]) => ({ ...others, $or })),
  fc.tuple(alternatives, fields).map(([$or, others]) => ({ $or, ...others })),
  fc
    .tuple(fields, alternatives, alternatives)
    .map(([a, $or, inner]) => ({ a: { ...a, $or }, $or: [{ $or: inner }, a] })),
);

/** An event with the same names and values, and arrays of any of them. */
export const event = fc.letrec<{ fields: Record<string, unknown>; value: unknown }>((tie) => ({
  fields: fc.array(fc.tuple(field, tie("value")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: tie("fields") },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
  ),
})).fields;
