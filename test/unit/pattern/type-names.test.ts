import fc from "fast-check";
import { expect, test } from "vitest";
import { typeMatcher } from "../../../lib/pattern/type-names.ts";

test.each([
  { names: ["task.created"], type: "task.created", wanted: true },
  { names: ["task.created"], type: "task.created.late", wanted: false },
  { names: ["task.*"], type: "task.created", wanted: true },
  { names: ["task.*"], type: "task.conflict.detected", wanted: true },
  { names: ["task.*"], type: "subtask.created", wanted: false },
  { names: ["task.*"], type: "task", wanted: false },
  { names: ["*.failed"], type: "agent.task.failed", wanted: true },
  { names: ["*.failed"], type: "agent.task.failed.twice", wanted: false },
  { names: ["agent.*.failed"], type: "agent.task.failed", wanted: true },
  { names: ["a.b", "*.failed"], type: "a.b", wanted: true },
  { names: ["*"], type: "anything.at.all", wanted: true },
  { names: ["a.c*"], type: "aXc", wanted: false },
  { names: [], type: "task.created", wanted: false },
])("$names wants $type: $wanted", ({ names, type, wanted }) => {
  expect(typeMatcher(names)(type)).toBe(wanted);
});

test("a star stands for any run of characters, and nothing else is special", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "+", "(", "\\", "\n"), maxLength: 8 });
  fc.assert(
    fc.property(letters, letters, (name, type) => {
      expect(typeMatcher([name])(type)).toBe(matchesSlowly(name, type));
    }),
    { numRuns: 2_000 },
  );
});

test("many stars in a row do not make it slow", () => {
  const wants = typeMatcher(["****x"]);
  const startedAt = performance.now();
  expect(wants("a".repeat(400))).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(500);
});

/** By definition: each star takes nothing, or one more character. */
function matchesSlowly(name: string, type: string): boolean {
  if (name === "") return type === "";
  if (name.startsWith("*"))
    return matchesSlowly(name.slice(1), type) || (type !== "" && matchesSlowly(name, type.slice(1)));
  return type !== "" && name[0] === type[0] && matchesSlowly(name.slice(1), type.slice(1));
}
