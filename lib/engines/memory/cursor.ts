import { unknownCursor } from "../../engine/errors.ts";

/** The position before which a page begins; beyond the end where there is no cursor. `invalid_config` for one of another bus. */
export function positionOfCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.POSITIVE_INFINITY;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw unknownCursor(cursor);
}
