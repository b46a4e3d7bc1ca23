import { beforeEach, expect, test, vi } from "vitest";
import type { Event } from "../../../lib/index.ts";

/** The page's session reads its token from the tab. */
beforeEach(() => vi.stubGlobal("sessionStorage", { getItem: () => null }));

function event(id: string, second: number, metadata: Partial<Event["metadata"]> = {}): Event {
  const time = `2026-01-31T12:00:0${second}.000Z`;
  return {
    id,
    type: "t",
    source: "s",
    time,
    data: {},
    metadata: { version: 1, correlationId: "f", priority: 5, ...metadata },
  };
}

test("what waits is neither answered nor expired, nor older than the answers that were read", async () => {
  const { waitingOf } = await import("../../../lib/dashboard/page/state/approvals.ts");
  const asked = {
    events: [
      event("open", 6),
      event("answered", 5),
      event("late", 4, { expiresAt: "2026-01-31T12:00:08.000Z" }),
      event("old", 1),
    ],
    more: false,
  };
  const answers = [event("x", 7, { causationId: "answered" }), event("y", 2, { causationId: "other" })];
  const ids = (more: boolean, at: string) =>
    waitingOf(asked, { events: answers, more }, Date.parse(at)).map(({ id }) => id);
  expect(ids(false, "2026-01-31T12:00:07Z")).toEqual(["open", "late", "old"]);
  expect(ids(false, "2026-01-31T12:00:08Z")).toEqual(["open", "old"]);
  expect(ids(true, "2026-01-31T12:00:08Z")).toEqual(["open"]);
});
