import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { normalizeTime } from "../event/time.ts";

/** Parses a point in time of a query to milliseconds since 1970. Throws `invalid_config` with the field's name. */
export function queryTime(value: string | Date | undefined, field: string): number | undefined {
  if (value === undefined) return undefined;
  const at = value instanceof Date ? value.getTime() : Date.parse(normalizeTime(value) ?? "");
  if (Number.isFinite(at)) return at;
  throw new BusError("invalid_config", `${field} ${mustBe("an RFC 3339 time such as 2026-01-31T12:00:00Z", value)}`);
}
