/** A pattern and an event made to be expensive together. Sizes are in characters of JSON. */
export interface Hostile {
  readonly name: string;
  readonly pattern: unknown;
  readonly event: (size: number) => unknown;
}

const repeated = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: Math.max(1, Math.floor(count)) }, (_, index) => make(index));

/** The eight ways to spell a.b.c.d with dots. */
export const spellings = (leaf: (way: number) => unknown): Record<string, unknown> => ({
  a: {
    b: { c: { d: leaf(0) }, "c.d": leaf(1) },
    "b.c": { d: leaf(2) },
    "b.c.d": leaf(3),
  },
  "a.b": { c: { d: leaf(4) }, "c.d": leaf(5) },
  "a.b.c": { d: leaf(6) },
  "a.b.c.d": leaf(7),
});

/** Nine `$or`s of two branches: 512 alternatives. */
const manyAlternatives = (field: (index: number) => string, value: (index: number) => unknown[]) => {
  const nest = (index: number): Record<string, unknown> =>
    index === 9
      ? { last: [0] }
      : {
          $or: [{ [field(index)]: value(index) }, { [`${field(index)}z`]: value(index) }],
          [`n${index}`]: nest(index + 1),
        };
  return nest(0);
};

/** Branches side by side: each adds a condition of its own. */
const flatAlternatives = (count: number, branch: (index: number) => unknown) => ({ $or: repeated(count, branch) });

const deepArray = (depth: number, leaf: unknown): unknown => {
  let value = leaf;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};

export const hostile: readonly Hostile[] = [
  {
    name: "one path spelled eight ways, each an array",
    pattern: { a: { b: { c: { d: { p: [1], q: [1], r: [1], s: [1], t: [1], u: [1], v: [1], w: [1], x: [2] } } } } },
    event: (size) => spellings((way) => repeated(size / 8 / 14, () => ({ ["pqrstuvw".charAt(way)]: 1, x: 1 }))),
  },
  {
    name: "dotted twin arrays under an ordinary pattern",
    pattern: { data: { kind: ["k"], size: [1], owner: ["me"] } },
    event: (size) => ({
      data: repeated(size / 36, () => ({ kind: "k", size: 1 })),
      "data.kind": repeated(size / 36, () => ["k"]),
      "data.size": repeated(size / 36, () => [1]),
    }),
  },
  {
    name: "`$or`s over nested arrays",
    pattern: {
      a: manyAlternatives(
        (index) => `f${index}`,
        () => [1],
      ),
    },
    event: (size) => ({
      a: repeated(size / 60, (index) => [{ [`f${index % 9}`]: 1, n0: [{ f1: 1, n1: [{ f2z: 1 }] }] }]),
    }),
  },
  {
    name: "`$or`s over a flat array of objects that differ",
    pattern: {
      a: { end: [1] },
      $or: repeated(30, (index) => ({ a: { [`b${index}`]: [1], c: [index] } })),
    },
    event: (size) => ({
      a: repeated(size / 40, (index) => ({ [`b${index % 30}`]: 1, c: (index * 7) % 31, d: index })),
    }),
  },
  {
    name: "a list of values under many alternatives",
    pattern: flatAlternatives(100, (index) => ({ a: [index], b: [1] })),
    event: (size) => ({ a: repeated(100, (index) => index), b: repeated(size / 2 - 100, () => 0) }),
  },
  {
    name: "arrays in arrays",
    pattern: { a: { x: [1], y: [1] } },
    event: (size) => ({ a: [repeated(size / 16, (index) => (index % 2 ? { x: 1 } : { y: 1 }))] }),
  },
  {
    name: "arrays in arrays, each element in one of its own",
    pattern: { a: { x: [1], y: [1], z: [{ exists: false }] } },
    event: (size) => ({ a: [repeated(size / 12, (index) => [index % 2 ? { x: 1 } : { y: 1 }])] }),
  },
  {
    name: "two fields whose arrays interleave in the order of paths",
    pattern: { a: { b: { x: [1], y: [2] }, "b-": { x: [1], y: [2] } } },
    event: (size) => ({
      a: {
        b: repeated(size / 20, (index) => [{ x: 1, y: index }]),
        "b-": repeated(size / 20, () => [{ x: 1 }, { y: 2 }]),
      },
    }),
  },
  {
    name: "a wildcard with a long literal that almost repeats",
    pattern: { a: [{ wildcard: `*b${"a".repeat(2_000)}*` }] },
    event: (size) => ({ a: "a".repeat(size) }),
  },
  {
    name: "a wildcard with a long literal of one letter",
    pattern: { a: [{ wildcard: `*${"a".repeat(2_000)}*b*` }] },
    event: (size) => ({ a: "a".repeat(size) }),
  },
  {
    name: "many wildcards on one long value",
    pattern: { a: repeated(75, (index) => ({ wildcard: `*a${"ab".repeat(index % 5)}c*` })) },
    event: (size) => ({ a: "ab".repeat(size / 2) }),
  },
  {
    name: "wildcards whose literals end alike, none of which is looked for",
    pattern: { a: repeated(45, (index) => ({ wildcard: `*b*${"a".repeat(index + 1)}*` })) },
    event: (size) => ({ a: "a".repeat(size) }),
  },
  {
    name: "many wildcards on many short values",
    pattern: { a: repeated(80, (index) => ({ wildcard: `*a${index}*` })) },
    event: (size) => ({ a: repeated(size / 13, (index) => `aaaaa${index % 10_000}`) }),
  },
  {
    name: "excluded wildcards on a long value",
    pattern: { a: [{ "anything-but": { wildcard: repeated(200, (index) => `*${index}b*`) } }], b: [1] },
    event: (size) => ({ a: "0123456789".repeat(size / 10) }),
  },
  {
    name: "many blocks and many addresses",
    pattern: { a: repeated(120, (index) => ({ cidr: `${index}::/64` })) },
    event: (size) => ({ a: repeated(size / 12, (index) => `${index % 250}.0.0.${index % 256}`) }),
  },
  {
    name: "many prefixes and many values",
    pattern: { a: repeated(125, (index) => ({ prefix: `${index}` })) },
    event: (size) => ({ a: repeated(size / 8, (index) => `x${index}`) }),
  },
  {
    name: "many strings in any case and many values",
    pattern: { a: repeated(65, (index) => ({ "equals-ignore-case": `é${index}` })) },
    event: (size) => ({ a: repeated(size / 8, (index) => `é${index}x`) }),
  },
  {
    name: "strings in any case whose first letter has several forms",
    pattern: { a: repeated(65, (index) => ({ "equals-ignore-case": `ß${index}` })) },
    event: (size) => ({ a: repeated(size / 8, (index) => `ß${index}x`) }),
  },
  {
    name: "ranges that contain every number",
    pattern: { a: repeated(80, (index) => ({ numeric: [">=", index] })), b: [1] },
    event: (size) => ({ a: repeated(size / 4, (index) => 100 + (index % 900)) }),
  },
  {
    name: "exclusions that every value passes",
    pattern: { a: repeated(80, (index) => ({ "anything-but": [index] })), b: [1] },
    event: (size) => ({ a: repeated(size / 4, (index) => 100 + (index % 900)) }),
  },
  {
    name: "exclusions that no value passes",
    pattern: { a: repeated(45, (index) => ({ "anything-but": { prefix: ["a", `b${index}`] } })) },
    event: (size) => ({ a: repeated(size / 5, (index) => `a${index % 10}`) }),
  },
  {
    name: "wildcards that start alike",
    pattern: { a: repeated(75, (index) => ({ wildcard: `a*${index}b` })) },
    event: (size) => ({ a: repeated(size / 5, (index) => `a${index % 10}`) }),
  },
  {
    name: "wildcards that contain the same",
    pattern: { a: repeated(75, (index) => ({ wildcard: `*abcdef*${index}*` })) },
    event: (size) => ({ a: repeated(size / 10, () => "xabcdef") }),
  },
  {
    name: "four thousand arrays in one another",
    pattern: { a: { b: [1] } },
    event: () => ({ a: deepArray(4_000, { b: 1 }) }),
  },
  {
    name: "arrays nested a thousand deep with values on every level",
    pattern: { a: { b: [2], c: [2] }, "a.d": [2] },
    event: (size) => {
      let value: unknown = { b: 1 };
      const width = size / 1_000 / 9;
      for (let level = 0; level < 990; level += 1) value = [value, ...repeated(width, () => ({ b: 1 }))];
      return { a: value, "a.d": 1 };
    },
  },
  {
    name: "a very long dotted name",
    pattern: { a: { a: { a: { b: [1] } } } },
    event: (size) => ({ ["a.".repeat(size / 2)]: 1 }),
  },
  {
    name: "many names in an object whose pattern has many",
    pattern: { a: Object.fromEntries(repeated(150, (index) => [`f${index}`, [index]])) },
    event: (size) => ({
      a: repeated(size / 60, (index) => Object.fromEntries(repeated(6, (n) => [`f${(index * 7 + n) % 151}`, n]))),
    }),
  },
];
