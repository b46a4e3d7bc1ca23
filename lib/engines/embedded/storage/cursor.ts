import { unknownCursor } from "../../../engine/errors.ts";

const pattern = /^e([0-9a-z]{1,11})$/;

/** A place to go on before, as an opaque text. */
export function encodeCursor(place: number): string {
  return `e${place.toString(36)}`;
}

/** The place of a cursor; beyond the end where there is none. `invalid_config` for one of another bus. */
export function decodeCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.MAX_SAFE_INTEGER;
  const place = Number.parseInt(pattern.exec(cursor)?.[1] ?? "", 36);
  if (Number.isSafeInteger(place)) return place;
  throw unknownCursor(cursor);
}
