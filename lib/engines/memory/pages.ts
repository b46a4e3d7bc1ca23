import { BusError } from "../../error/bus-error.ts";
import { shortForm } from "../../error/short-form.ts";

/** Events or dead letters on a page where no limit is given. */
export const defaultLimit = 100;

/** The place before which a page begins; beyond the end where there is no cursor. `invalid_config` for one of another bus. */
export function placeOfCursor(cursor: string | undefined): number {
  if (cursor === undefined) return Number.POSITIVE_INFINITY;
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new BusError(
    "invalid_config",
    `cursor ${shortForm(cursor)} is not one of this bus; take it from the page before`,
  );
}
