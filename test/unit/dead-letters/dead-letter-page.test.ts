import { expect, test } from "vitest";
import { deadLetterPage } from "../../../lib/dead-letters/dead-letter-page.ts";
import type { DeadLetter } from "../../../lib/engine/delivery.ts";
import { anEvent } from "../../support/an-event.ts";

const at = "2026-01-01T00:00:00.000Z";
const reason = { code: "handler_error", message: "broken", at, attempt: 1 } as const;
const dead = (id: string, subscription = "one"): DeadLetter => ({
  id,
  subscription,
  event: anEvent(),
  reason,
  attempts: 1,
  failures: [reason],
  acceptedAt: at,
  deadAt: at,
});

const ids = (page: { deadLetters: DeadLetter[] }) => page.deadLetters.map(({ id }) => id);

test("pages fit together while dead letters come and go, also the last of a page", () => {
  const first = deadLetterPage(
    ["5", "4", "3", "2", "1"].map((id) => dead(id)),
    {},
    { limit: 2 },
  );
  expect(ids(first)).toEqual(["5", "4"]);
  const { cursor = "" } = first;
  expect(ids(deadLetterPage([dead("5"), dead("4"), dead("3")], {}, { cursor }))).toEqual(["3"]);
  const second = deadLetterPage(
    ["6", "5", "3", "2", "1"].map((id) => dead(id)),
    {},
    { limit: 2, ...first },
  );
  expect(ids(second)).toEqual(["3", "2"]);
  const third = deadLetterPage(
    ["6", "1"].map((id) => dead(id)),
    {},
    { limit: 2, ...second },
  );
  expect(ids(third)).toEqual(["1"]);
  expect(third.cursor).toBeUndefined();
});

test("a page that ends with the last one has no cursor; what is not wanted is not on it", () => {
  const all = [dead("3"), dead("2", "other"), dead("1")];
  expect(deadLetterPage(all, { subscription: "one" }, { limit: 2 })).toEqual({ deadLetters: [all[0], all[2]] });
  expect(deadLetterPage([], {}, {})).toEqual({ deadLetters: [] });
});

test("another text is no cursor", () => {
  expect(() => deadLetterPage([], {}, { cursor: "n12" })).toThrow(expect.objectContaining({ code: "invalid_config" }));
});
