import { BusError } from "../../lib/error/bus-error.ts";
import { compilePattern } from "../../lib/pattern/index.ts";
import { generator } from "../patterns/workload.ts";

const names = ["a", "a", "b", "b", "c", "a.b", "b.c", "a.b.c"];
const values: readonly unknown[] = [
  1,
  1,
  1,
  { exists: true },
  2,
  "x",
  null,
  { exists: false },
  { exists: true },
  { wildcard: "*a*a*b*" },
  { wildcard: `*${"a".repeat(60)}*b*` },
  { prefix: "a" },
  { suffix: { "equals-ignore-case": "Aß" } },
  { "anything-but": [1, 2] },
  { "anything-but": "x" },
  { "anything-but": { wildcard: ["*b*a*", "*aab*"] } },
  { cidr: "::/0" },
  { numeric: [">", 0, "<=", 2] },
];
const leaves: readonly unknown[] = [
  1,
  2,
  3,
  "x",
  "aaaaaaaaaaaaaaaaaaaaaaab",
  "a".repeat(4_000),
  "10.0.0.1",
  null,
  true,
];

const longestPattern = 2_048;

/** A random pattern of at most 2,048 characters, and a random event of about this size with the same few names; by a seed. */
export function randomCase(seed: number, size: number): { pattern: unknown; event: unknown } {
  const random = generator(seed * 2_654_435_769 + 1);
  for (let skipped = 0; skipped < 10; skipped += 1) random();
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <Value>(from: readonly Value[]): Value | undefined => from[below(from.length)];
  const several = <Value>(most: number, make: () => Value): Value[] => Array.from({ length: 1 + below(most) }, make);

  const wanted = (depth: number): Record<string, unknown> => {
    const fields = several(5, () => [
      pick(names),
      depth === 0 || below(2) === 0 ? several(3, () => pick(values)) : wanted(depth - 1),
    ]);
    const alternatives =
      depth > 0 && below(3) === 0 ? [["$or", [wanted(depth - 1), ...several(4, () => wanted(depth - 1))]]] : [];
    return Object.fromEntries([...fields, ...alternatives]);
  };
  const value = (depth: number): unknown => {
    const kind = depth === 0 ? 0 : below(4);
    if (kind === 0) return pick(leaves);
    if (kind === 1) return about(depth - 1);
    const elements = several(4, () => value(depth - 1));
    const times = pick(depth === 1 ? [1, 2, 8, 64] : [1, 1, 2, 3]) ?? 1;
    return Array.from({ length: times }, () => elements).flat();
  };
  const about = (depth: number): Record<string, unknown> =>
    Object.fromEntries(several(6, () => [pick(names), value(depth)]));

  let pattern = wanted(3);
  while (JSON.stringify(pattern).length > longestPattern || isRefused(pattern)) pattern = wanted(3);
  return { pattern, event: enlarged(() => about(3), size, below(2) === 0) };
}

/** Whether the definition is refused, as one with too many alternatives. */
function isRefused(pattern: unknown): boolean {
  try {
    compilePattern(pattern);
    return false;
  } catch (error) {
    if (error instanceof BusError) return true;
    throw error;
  }
}

/** An event of about the size: under each name, the values that many blocks have there, in a list or in a list of lists. */
function enlarged(make: () => Record<string, unknown>, size: number, nested: boolean): Record<string, unknown> {
  const blocks: Record<string, unknown>[] = [];
  for (let length = 0; length < (size * 3) / 4; ) {
    const block = make();
    const own = JSON.stringify(block).length;
    if (own > size / 4) continue;
    length += own;
    blocks.push(block);
  }
  const lists = Map.groupBy(
    blocks.flatMap((block) => Object.entries(block)),
    ([name]) => name,
  );
  const event = [...lists].map(([name, entries]) => [
    name,
    nested ? [entries.map(([, value]) => value)] : entries.map(([, value]) => value),
  ]);
  return Object.fromEntries(event);
}
