import { unknownCursor } from "../../../engine/errors.ts";

/** Newest first, or oldest first. */
export type Order = "newest" | "oldest";

const pattern = /^e([no])([0-9a-z]{1,11})$/;

/** A position to go on from, in one order, as an opaque text. */
export function encodeCursor(position: number, order: Order): string {
  return `e${order === "newest" ? "n" : "o"}${position.toString(36)}`;
}

/** The position of a cursor; undefined where there is none. `invalid_config` for one of another bus or order. */
export function decodeCursor(cursor: string | undefined, order: Order): number | undefined {
  if (cursor === undefined) return undefined;
  const [, mark, digits = ""] = pattern.exec(cursor) ?? [];
  const position = Number.parseInt(digits, 36);
  if (Number.isSafeInteger(position) && (mark === "n") === (order === "newest")) return position;
  throw unknownCursor(cursor);
}
