import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { normalizeTime } from "../event/time.ts";

/** A point in time of a query, in milliseconds. `invalid_config` names the field. */
export function queryTime(value: string | Date | undefined, field: string): number | undefined {
  if (value === undefined) return undefined;
  const at = value instanceof Date ? value.getTime() : Date.parse(normalizeTime(value) ?? "");
  if (Number.isFinite(at)) return at;
  throw new BusError(
    "invalid_config",
    `${field}: ${shortForm(value)} is not a time; give RFC 3339, such as 2026-01-31T12:00:00Z`,
  );
}
