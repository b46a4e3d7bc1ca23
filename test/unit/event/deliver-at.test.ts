import { describe, expect, test } from "vitest";
import { createCatalog } from "../../../lib/event/catalog.ts";
import { deliverAtMs } from "../../../lib/event/deliver-at.ts";
import type { DraftMetadata, Event } from "../../../lib/event/event.ts";
import { prepareEvent } from "../../../lib/event/prepare.ts";
import { anEvent } from "../../support/an-event.ts";

const noon = Date.UTC(2026, 0, 31, 12);
const week = 7 * 86_400_000;

function prepared(metadata: DraftMetadata | undefined, deliverAt?: string | Date, cause?: Event): Event {
  const context = { catalog: createCatalog([]), source: "till", now: () => noon, nextId: () => "id-1", cause };
  const draft = { type: "custom.till.opened", data: {}, ...(metadata === undefined ? {} : { metadata }) };
  return prepareEvent(draft, { ...context, deliverAt }).event;
}

describe("deliverAt", () => {
  test.each([
    ["2026-01-31T14:00:00+01:00", "2026-01-31T13:00:00.000Z"],
    ["2026-01-31T13:00:00.25Z", "2026-01-31T13:00:00.250Z"],
    ["2026-01-31T13:00:00.250000001Z", "2026-01-31T13:00:00.251Z"],
    ["2026-01-31T13:00:00.250000000Z", "2026-01-31T13:00:00.250Z"],
    ["1999-01-01T00:00:00Z", "1999-01-01T00:00:00.000Z"],
  ])("%s is kept as %s, by the metadata and by the publish alike", (given, kept) => {
    expect(prepared({ deliverAt: given }).metadata.deliverAt).toBe(kept);
    expect(prepared(undefined, given).metadata.deliverAt).toBe(kept);
    expect(prepared({ priority: 1 }, given).metadata).toMatchObject({ priority: 1, deliverAt: kept });
    expect(deliverAtMs(prepared(undefined, given))).toBe(Date.parse(kept));
  });

  test("the publish may give a Date; 7 days ahead is the most", () => {
    expect(prepared(undefined, new Date(noon + week)).metadata.deliverAt).toBe("2026-02-07T12:00:00.000Z");
  });

  test("an event without it is delivered at once, also where its cause was delayed", () => {
    expect(deliverAtMs(anEvent())).toBe(0);
    const cause = prepared(undefined, new Date(noon));
    expect(prepared(undefined, undefined, cause).metadata).not.toHaveProperty("deliverAt");
  });

  test("an expiry after it is taken", () => {
    const metadata = { deliverAt: "2026-01-31T13:00:00Z", expiresAt: "2026-01-31T13:00:00.001Z" };
    expect(prepared(metadata).metadata.expiresAt).toBe("2026-01-31T13:00:00.001Z");
  });

  test.each<[DraftMetadata | undefined, string | Date | undefined, string]>([
    [
      { deliverAt: "tomorrow" },
      undefined,
      'metadata.deliverAt must be an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z, not "tomorrow"',
    ],
    [
      undefined,
      "tomorrow",
      'till: deliverAt must be an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z, not "tomorrow"',
    ],
    [
      undefined,
      new Date(Number.NaN),
      "deliverAt must be an RFC 3339 time with an offset, such as 2026-01-31T12:00:00Z, not an invalid Date",
    ],
    [
      undefined,
      new Date(noon + week + 1),
      "deliverAt must be a time at most 7 days ahead, not Date 2026-02-07T12:00:00.001Z",
    ],
    [
      { deliverAt: "2026-02-07T12:00:00.0000001Z" },
      undefined,
      'must be a time at most 7 days ahead, not "2026-02-07T12:00:00.0000001Z"',
    ],
    [
      { deliverAt: "2026-02-01T00:00:00Z" },
      new Date(noon),
      "metadata.deliverAt conflicts with `delay` or `deliverAt` of the publish; give one of them",
    ],
    [
      { deliverAt: "2026-01-31T13:00:00Z", expiresAt: "2026-01-31T13:00:00Z" },
      undefined,
      'metadata.expiresAt must be a time after deliverAt, which is 2026-01-31T13:00:00.000Z, not "2026-01-31T13:00:00Z"',
    ],
    [
      { expiresAt: "2026-01-31T12:30:00Z" },
      "2026-01-31T13:00:00Z",
      'must be a time after deliverAt, which is 2026-01-31T13:00:00.000Z, not "2026-01-31T12:30:00Z"',
    ],
  ])("%#: %j and %s are refused", (metadata, deliverAt, message) => {
    expect(() => prepared(metadata, deliverAt)).toThrow(
      expect.objectContaining({ code: "invalid_event", message: expect.stringContaining(message) }),
    );
  });

  test("a Date in the metadata is refused, as no event holds one", () => {
    expect(() => Reflect.apply(prepared, undefined, [{ deliverAt: new Date(noon) }])).toThrow("use `.toISOString()`");
  });
});
