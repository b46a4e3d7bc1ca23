import { unknownCursor } from "../../engine/errors.ts";

type Order = "newest" | "oldest";

/** A position to go on from, in one order, as an opaque text. */
export function encodeCursor(position: number, order: Order): string {
  return `${order === "newest" ? "n" : "o"}${position}`;
}

/** The position of a cursor; `undefined` where there is none. `invalid_config` for one of another bus or order. */
export function decodeCursor(cursor: string | undefined, order: Order): number | undefined {
  if (cursor === undefined) return undefined;
  const digits = /^([no])(\d{1,15})$/.exec(cursor);
  if (digits !== null && (digits[1] === "n") === (order === "newest")) return Number(digits[2]);
  throw unknownCursor(cursor);
}
