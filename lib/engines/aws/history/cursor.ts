import { unknownCursor } from "../../../engine/errors.ts";
import { endKey } from "./keys.ts";

const form = /^a([A-Za-z0-9_-]{20,})$/;
const key = /^\d{13}\.[\x20-\x7e]{1,128}$/;

/** The key of the last one on a page, as an opaque text. */
export function encodeCursor(last: string): string {
  return `a${Buffer.from(last).toString("base64url")}`;
}

/** The key before which to go on; the end where there is no cursor. `invalid_config` for one of another bus. */
export function decodeCursor(cursor: string | undefined): string {
  if (cursor === undefined) return endKey;
  const last = Buffer.from(form.exec(cursor)?.[1] ?? "", "base64url").toString("latin1");
  if (key.test(last) && encodeCursor(last) === cursor) return last;
  throw unknownCursor(cursor);
}
