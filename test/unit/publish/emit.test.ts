import { expect, test } from "vitest";
import { createEmit, toDraft } from "../../../lib/publish/emit.ts";
import { anEvent } from "../../support/an-event.ts";

function emitOf(...types: string[]) {
  const calls: unknown[] = [];
  const emit = createEmit(types, async (draft, options) => {
    calls.push({ draft, options });
    return anEvent({ type: draft.type });
  });
  /** What a path leads to, called with its own value as `this`, as a user would. */
  const call = (path: string, ...values: unknown[]): unknown => {
    const found = path.split(".").reduce<unknown>((at, word) => Reflect.get(Object(at), word), emit);
    return typeof found === "function" ? Reflect.apply(found, undefined, values) : found;
  };
  return { emit, calls, call };
}

test("one call a type", async () => {
  const { calls, call } = emitOf("task.created", "task.conflict.detected");
  await call("task.created", { taskId: "t" }, { source: "crew", dedupe: "key" });
  await call("task.conflict.detected", { resource: "r" });
  expect(calls).toEqual([
    {
      draft: { type: "task.created", data: { taskId: "t" }, source: "crew" },
      options: { source: "crew", dedupe: "key" },
    },
    { draft: { type: "task.conflict.detected", data: { resource: "r" } }, options: undefined },
  ]);
});

test("a type that begins others is a call with properties, in whatever order they come", async () => {
  for (const types of [
    ["llm.call", "llm.call.ended"],
    ["llm.call.ended", "llm.call"],
  ]) {
    const { calls, call } = emitOf(...types);
    await call("llm.call", {});
    await call("llm.call.ended", {});
    expect(calls).toMatchObject([{ draft: { type: "llm.call" } }, { draft: { type: "llm.call.ended" } }]);
  }
});

test("words that every function or object has are words like others", async () => {
  const words = ["name", "length", "call", "prototype", "constructor", "then", "__proto__", "to_string"];
  const { calls, call } = emitOf("agent.run", ...words.map((word) => `agent.run.${word}`));
  for (const word of words) await call(`agent.run.${word}`, {});
  expect(calls).toMatchObject(words.map((word) => ({ draft: { type: `agent.run.${word}` } })));
});

test("what is no type is not there", () => {
  const { emit } = emitOf("task.created");
  expect(Object.keys(emit)).toEqual(["task"]);
  expect("constructor" in emit).toBe(false);
});

test("dedupe and the time of delivery are not part of the draft", () => {
  expect(toDraft("a.b", 1, { deliverAt: "now" })).toEqual({ type: "a.b", data: 1 });
  expect(toDraft("a.b", 1, { dedupe: "k", delay: 5, id: "i", time: "t", metadata: { priority: 1 } })).toEqual({
    type: "a.b",
    data: 1,
    id: "i",
    time: "t",
    metadata: { priority: 1 },
  });
});
