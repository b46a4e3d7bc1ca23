import fc from "fast-check";
import { expect, test } from "vitest";
import { coalesce } from "../../../lib/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

const flow = { correlationId: "flow", streamId: "s1" };

function delta(content: string, metadata: object = flow) {
  return { type: "llm.text.delta", data: { content }, metadata } as const;
}

test("deltas of a stream become one event after a time, in order", async () => {
  const bus = testBus({ use: [coalesce({ every: "20ms" })] });
  const all = ["He", "llo", " wor", "ld"].map((text) => bus.publish(delta(text)));
  await bus.clock.advance("19ms");
  expect(bus.published).toEqual([]);
  await bus.clock.advance("1ms");
  const ids = new Set((await Promise.all(all)).map(({ id }) => id));
  expect(bus.published.map(({ data }) => data)).toEqual([{ content: "Hello world" }]);
  expect([...ids]).toEqual(bus.published.map(({ id }) => id));
});

test("what the flow publishes next comes after them at once, and so does the end of the bus", async () => {
  const bus = testBus({ use: [coalesce()] });
  void bus.publish(delta("He"));
  void bus.publish(delta("llo"));
  await bus.publish({ type: "custom.other", data: {}, metadata: { correlationId: "another flow" } });
  await bus.emit.llm.call.completed({ model: "m" }, { metadata: flow });
  void bus.publish(delta("bye"));
  await bus.close();
  expect(bus.published.map(({ type, data }) => (type === "llm.text.delta" ? data : type))).toEqual([
    "custom.other",
    { content: "Hello" },
    "llm.call.completed",
    { content: "bye" },
  ]);
});

test("a long text waits no longer; an event with an id of its own is left as it is", async () => {
  const bus = testBus({ use: [coalesce({ maxLength: 6 })] });
  await Promise.all(["abc", "def", "g"].slice(0, 2).map((text) => bus.publish(delta(text))));
  void bus.publish(delta("g"));
  await bus.publish({ ...delta("own"), id: "own-id" });
  expect(bus.published.map(({ id, data }) => [id === "own-id", data])).toEqual([
    [false, { content: "abcdef" }],
    [false, { content: "g" }],
    [true, { content: "own" }],
  ]);
});

test("the last snapshot counts", async () => {
  const bus = testBus({ use: [coalesce()] });
  for (const [content, snapshot] of [
    ["a", "a"],
    ["b", "ab"],
  ] as const) {
    void bus.publish({ type: "llm.text.delta", data: { content, snapshot }, metadata: flow });
  }
  await bus.clock.advance("50ms");
  expect(bus.published.map(({ data }) => data)).toEqual([{ content: "ab", snapshot: "ab" }]);
});

test("what cannot be published fails each of its publishes", async () => {
  const bus = testBus({
    use: [
      coalesce(),
      {
        publish: () => {
          throw new Error("away");
        },
      },
    ],
  });
  const all = Promise.allSettled([bus.publish(delta("a")), bus.publish(delta("b"))]);
  await bus.clock.advance("50ms");
  expect((await all).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("whatever is published when, each stream has its text, and other events their place in it", async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("delta"), stream: fc.constantFrom("s1", "s2"), text: fc.string({ maxLength: 5 }) }),
    fc.record({ kind: fc.constant("other"), stream: fc.constantFrom("s1", "s2"), text: fc.constant("|") }),
    fc.record({ kind: fc.constant("wait"), stream: fc.constant(""), text: fc.constant("") }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const bus = testBus({ use: [coalesce({ every: 10, maxLength: 8 })] });
      for (const { kind, stream, text } of steps) {
        const metadata = { correlationId: `flow of ${stream}`, streamId: stream };
        if (kind === "delta") void bus.publish(delta(text, metadata));
        else if (kind === "other") await bus.publish({ type: "custom.mark", data: { content: text }, metadata });
        else await bus.clock.advance(10);
      }
      await bus.clock.advance(10);
      for (const stream of ["s1", "s2"]) {
        const wanted = steps.filter((one) => one.stream === stream).map(({ text }) => text);
        const got = bus.published.filter(({ metadata }) => metadata.streamId === stream);
        expect(got.map(({ data }) => (data as { content: string }).content).join("")).toBe(wanted.join(""));
      }
    }),
  );
});

test("wrong options are named", () => {
  expect(() => coalesce({ every: "1h" })).toThrow("coalesce: every must be from 1ms to 10s");
  expect(() => coalesce({ maxLength: 0 })).toThrow("coalesce: maxLength");
});
