import fc from "fast-check";
import { expect, test } from "vitest";
import type { Event } from "../../../lib/event/event.ts";
import { eventSize, eventTooLarge } from "../../../lib/event/size.ts";

test("eventSize is 14 bytes for Time plus the UTF-8 bytes of Source, DetailType and Detail", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme" }),
      fc.string({ unit: "grapheme" }),
      fc.jsonValue(),
      (source, text, value) => {
        const event: Event = {
          id: "e-1",
          type: "custom.size.tried",
          source,
          time: "2026-01-31T12:00:00.000Z",
          data: { text, value },
          metadata: { version: 1, correlationId: "flow", priority: 5 },
        };
        const utf8 = (part: string) => new TextEncoder().encode(part).length;
        const detail = { id: event.id, time: event.time, data: event.data, metadata: event.metadata };
        expect(eventSize(event)).toBe(14 + utf8(source) + utf8("custom.size.tried") + utf8(JSON.stringify(detail)));
      },
    ),
  );
});

test("eventTooLarge names the event, its size, the limit and the fix", () => {
  const error = eventTooLarge({ id: "e-1", type: "task.completed", source: "crew" }, 1_048_600, 1_048_576);
  expect(error.code).toBe("event_too_large");
  expect(error.message).toBe(
    "event e-1 (task.completed from crew) has 1048600 bytes, 24 more than the 1048576 bytes allowed; store large data elsewhere (a file, an object store) and publish a reference to it",
  );
  expect(error.details).toEqual({
    id: "e-1",
    type: "task.completed",
    source: "crew",
    size: 1_048_600,
    limit: 1_048_576,
  });
});
