import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { standardCatalog, taskAssigned } from "../../../lib/catalog/index.ts";
import { createCatalog } from "../../../lib/event/catalog.ts";
import { compilePattern } from "../../../lib/pattern/index.ts";
import { orderedKey, subscriptionPattern, unknownTypes } from "../../../lib/subscription/index.ts";
import { anEvent } from "../../support/an-event.ts";

describe("subscriptionPattern", () => {
  test.each([
    [["task.created"], ["task.created"]],
    [["memory.*"], [{ prefix: "memory." }]],
    [["*.failed"], [{ suffix: ".failed" }]],
    [["agent.*.failed"], [{ wildcard: "agent.*.failed" }]],
    [["*.task.*"], [{ wildcard: "*.task.*" }]],
    [
      ["task.created", "memory.*"],
      ["task.created", { prefix: "memory." }],
    ],
    [["task.created", "*"], [{ exists: true }]],
  ])("%j becomes the type pattern %j", (on, type) => {
    expect(subscriptionPattern({ on })).toEqual({ type });
  });

  test("combines the types with `where`", () => {
    const where = { data: { kind: ["document"] }, $or: [{ source: ["a"] }, { id: ["b"] }] };
    const matches = compilePattern(subscriptionPattern({ on: ["task.*"], where }));
    expect(matches(anEvent({ type: "task.created", source: "a", data: { kind: "document" } }))).toBe(true);
    expect(matches(anEvent({ type: "task.created", id: "b", data: { kind: "document" } }))).toBe(true);
    expect(matches(anEvent({ type: "task.created", source: "c", data: { kind: "document" } }))).toBe(false);
    expect(matches(anEvent({ type: "tasks.created", source: "a", data: { kind: "document" } }))).toBe(false);
    expect(matches(anEvent({ type: "task.created", source: "a", data: { kind: "mail" } }))).toBe(false);
  });

  test("* matches any run of characters in any position", () => {
    const word = fc.stringMatching(/^[ab.]{0,4}$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 2, maxLength: 4 }), fc.stringMatching(/^[ab.]{1,10}$/), (parts, type) => {
        const name = parts.join("*").replace(/\*+/g, "*");
        const expected = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(type);
        expect(compilePattern(subscriptionPattern({ on: [name] }))(anEvent({ type }))).toBe(expected);
      }),
    );
  });
});

describe("orderedKey", () => {
  const keyOf = orderedKey("data.task.id");

  test("returns a string as it is, and any other value as JSON", () => {
    expect(keyOf(anEvent({ data: { task: { id: "t-1" } } }))).toBe("t-1");
    expect(keyOf(anEvent({ data: { task: { id: 7 } } }))).toBe("7");
    expect(keyOf(anEvent({ data: { task: { id: { a: [1] } } } }))).toBe('{"a":[1]}');
    expect(keyOf(anEvent({ data: { task: { id: "" } } }))).toBe("");
    expect(orderedKey("source")(anEvent({ source: "a" }))).toBe("a");
    expect(orderedKey("type")(anEvent({ type: "a.b" }))).toBe("a.b");
    expect(orderedKey("metadata.agentId")(anEvent({ metadata: { agentId: "x" } }))).toBe("x");
  });

  test.each([[{}], [{ task: 5 }], [{ task: null }], [{ task: { id: null } }], [{ task: {} }]])(
    "returns a key of the event's own if %j has no value at the path",
    (data) => {
      expect(keyOf(anEvent({ id: "one", data }))).not.toBe(keyOf(anEvent({ id: "two", data })));
      expect(keyOf(anEvent({ id: "one", data }))).toBe(keyOf(anEvent({ id: "one", data })));
    },
  );

  test("ignores inherited properties", () => {
    const key = orderedKey("data.constructor");
    expect(key(anEvent({ id: "one" }))).not.toBe(key(anEvent({ id: "two" })));
  });
});

describe("unknownTypes", () => {
  const on = ["task.complete", "task.assigned", "custom.x", "memroy.*", "billing.invoice"];

  test("returns the exact names that the catalog does not have", () => {
    expect(unknownTypes(on, standardCatalog)).toEqual(["task.complete", "billing.invoice"]);
  });

  test("returns none if the catalog is open", () => {
    expect(unknownTypes(on, createCatalog([taskAssigned], { open: true }))).toEqual([]);
  });
});
