import type { PositionOf } from "../engine/event-log.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import { parseId } from "../runtime/call-fields.ts";
import { isRecord } from "../runtime/is-record.ts";
import { queryTime } from "../runtime/query-time.ts";

/** The position that a `since` stands for; undefined without one. `invalid_config` for what is neither event nor time. */
export function positionOf(call: string, since: unknown): PositionOf | undefined {
  if (since === undefined) return undefined;
  return readable(`${call}: since`, () => {
    if (typeof since === "string" || since instanceof Date) {
      return { time: queryTime(since, `${call}: since`) ?? 0 };
    }
    if (isRecord(since) && "id" in since) return { eventId: parseId(call, "the id of since", since.id) };
    throw new BusError(
      "invalid_config",
      `${call}: since ${mustBe("an event, or an RFC 3339 time such as 2026-01-31T12:00:00Z", since)}`,
    );
  });
}
