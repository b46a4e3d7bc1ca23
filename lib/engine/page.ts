import { unknownCursor } from "./errors.ts";

/** By acceptance: which comes first. */
export type Order = "newest" | "oldest";

/** Items of one page, and the cursor of the next; no cursor means the end. */
export interface FoundPage<Item> {
  /** At most as many as the limit. */
  readonly items: Item[];
  /** Gets the next page; absent on the last page. */
  readonly cursor?: string;
}

/** The first `limit` of what a query finds, given in its order. Looks at one more, to know whether there is a next page. */
export function takePage<Item extends { readonly position: number }>(
  found: Iterable<Item>,
  limit: number,
  order: Order,
): FoundPage<Item> {
  const items: Item[] = [];
  for (const item of found) {
    const last = items.at(-1);
    if (items.length === limit && last !== undefined) return { items, cursor: encodeCursor(last.position, order) };
    items.push(item);
  }
  return { items };
}

/** The last position of a page and its order, as an opaque text. */
export function encodeCursor(position: number, order: Order): string {
  return `${order === "newest" ? "n" : "o"}${position}`;
}

/** The position after which a page begins; `undefined` without a cursor. `invalid_config` for one of another bus or order. */
export function decodeCursor(cursor: string | undefined, order: Order): number | undefined {
  if (cursor === undefined) return undefined;
  const digits = /^([no])(\d{1,15})$/.exec(cursor);
  if (digits !== null && (digits[1] === "n") === (order === "newest")) return Number(digits[2]);
  throw unknownCursor(cursor);
}
