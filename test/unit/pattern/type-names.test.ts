import fc from "fast-check";
import { expect, test } from "vitest";
import { typeMatcher } from "../../../lib/pattern/type-names.ts";

test.each([
  { names: ["task.created"], type: "task.created", expected: true },
  { names: ["task.created"], type: "task.created.late", expected: false },
  { names: ["task.*"], type: "task.created", expected: true },
  { names: ["task.*"], type: "task.conflict.detected", expected: true },
  { names: ["task.*"], type: "subtask.created", expected: false },
  { names: ["task.*"], type: "task", expected: false },
  { names: ["*.failed"], type: "agent.task.failed", expected: true },
  { names: ["*.failed"], type: "agent.task.failed.twice", expected: false },
  { names: ["agent.*.failed"], type: "agent.task.failed", expected: true },
  { names: ["a.b", "*.failed"], type: "a.b", expected: true },
  { names: ["*"], type: "anything.at.all", expected: true },
  { names: ["a.c*"], type: "aXc", expected: false },
  { names: [], type: "task.created", expected: false },
])("$names matches $type: $expected", ({ names, type, expected }) => {
  expect(typeMatcher(names)(type)).toBe(expected);
});

test("a star matches any run of characters, and no other character is special", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "+", "(", "\\", "\n"), maxLength: 8 });
  fc.assert(
    fc.property(letters, letters, (name, type) => {
      expect(typeMatcher([name])(type)).toBe(matchesSlowly(name, type));
    }),
    { numRuns: 2_000 },
  );
});

test("many stars in a row are matched without backtracking, which would not end", () => {
  const matches = typeMatcher([`${"*".repeat(60)}x`]);
  expect(matches("a".repeat(400))).toBe(false);
  expect(matches(`${"a".repeat(400)}x`)).toBe(true);
});

test("stars between the same letters are matched without backtracking, which would not end", () => {
  const type = "a".repeat(128);
  expect(typeMatcher([`${"*a".repeat(60)}*b`])(type)).toBe(false);
  expect(typeMatcher([`${"*a".repeat(64)}`, "b*"])(type)).toBe(true);
});

/** The definition: each star matches nothing, or one more character. */
function matchesSlowly(name: string, type: string): boolean {
  if (name === "") return type === "";
  if (name.startsWith("*"))
    return matchesSlowly(name.slice(1), type) || (type !== "" && matchesSlowly(name, type.slice(1)));
  return type !== "" && name[0] === type[0] && matchesSlowly(name.slice(1), type.slice(1));
}
