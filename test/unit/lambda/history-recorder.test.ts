import { expect, test } from "vitest";
import { metricNames } from "../../../lib/aws-shared/index.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { HistoryRecorder } from "../../../lib/lambda/history-recorder.ts";
import { RecorderBench } from "./recorder-bench.ts";

function make() {
  const bench = new RecorderBench();
  return { bench, recorder: new HistoryRecorder(bench.dependencies, bench.history, bench.deadLetters) };
}

test("a batch is recorded, and counted", async () => {
  const { bench, recorder } = make();
  const { failed, counts } = await recorder.record([bench.message({ id: "a" }), bench.message({ id: "b" })]);
  expect(failed).toEqual([]);
  expect(counts).toEqual({ [metricNames.recorded]: 2 });
  expect(bench.recorded.map(({ id }) => id)).toEqual(["a", "b"]);
});

test("what is invalid for its type, or is not an event at all, becomes a dead letter and holds up no other", async () => {
  const { bench, recorder } = make();
  const messages = [
    bench.message({ id: "bad", type: "task.completed", data: { taskId: 7 } }),
    bench.message({ id: "nameless", source: "" }),
    bench.message({ body: "no JSON" }),
    bench.message({ id: "good" }),
  ];
  const { failed, counts } = await recorder.record(messages);
  expect(failed).toEqual([]);
  expect(counts).toEqual({ [metricNames.recorded]: 1, [metricNames.deadLetters]: 3 });
  const deadLetters = [...bench.kept.values()];
  expect(deadLetters.map(({ reason }) => reason.code)).toEqual(["invalid_event", "invalid_event", "invalid_event"]);
  expect(deadLetters.every(({ subscription }) => subscription === undefined)).toBe(true);
  // Seen twice, it is one.
  await recorder.record(messages);
  expect(bench.kept.size).toBe(3);
});

test("what the handler of a replayed delivery publishes is new, though it carries the mark on", async () => {
  const { bench, recorder } = make();
  const metadata = { version: 1, correlationId: "flow", priority: 5, replay: { id: "replay-1" } };
  const { failed } = await recorder.record([bench.message({ id: "published", metadata })]);
  expect(failed).toEqual([]);
  expect(bench.recorded).toMatchObject([{ id: "published", metadata }]);
});

test("types that history does not keep, and what was replayed or redriven, are left out", async () => {
  const { bench, recorder } = make();
  const { failed, counts } = await recorder.record([
    bench.message({ id: "delta", type: "llm.text.delta", data: { content: "a" } }),
    bench.message({ id: "replayed" }, { replayId: "replay-1" }),
    bench.message({ id: "redriven" }, { redrivenFrom: "dead-letter-1" }),
  ]);
  expect(failed).toEqual([]);
  expect(bench.recorded).toEqual([]);
  expect(bench.kept.size).toBe(0);
  expect(counts).toEqual({});
});

test("an id that is recorded with other content is a dead letter `conflict`", async () => {
  const { bench, recorder } = make();
  bench.refusals.set("a", new BusError("conflict", "event a is recorded with other content"));
  const { failed } = await recorder.record([bench.message({ id: "a" }), bench.message({ id: "b" })]);
  expect(failed).toEqual([]);
  expect([...bench.kept.values()]).toMatchObject([{ event: { id: "a" }, reason: { code: "conflict" } }]);
  expect(bench.recorded.map(({ id }) => id)).toEqual(["b"]);
});

test("what could not be recorded goes back, alone, and is counted", async () => {
  const { bench, recorder } = make();
  bench.refusals.set("a", new BusError("throttled", "slow down"));
  const { failed, counts } = await recorder.record([bench.message({ id: "a" }), bench.message({ id: "b" })]);
  expect(failed).toEqual(["message-1"]);
  expect(counts).toEqual({ [metricNames.recorded]: 1, [metricNames.recordErrors]: 1 });
});

test("where neither history nor dead letters can be written all of it goes back", async () => {
  const { bench, recorder } = make();
  bench.historyFails = true;
  bench.deadLettersFail = true;
  const { failed, counts } = await recorder.record([bench.message({ id: "a" }), bench.message({ body: "{" })]);
  expect(failed.toSorted()).toEqual(["message-1", "message-2"]);
  expect(counts).toEqual({ [metricNames.recordErrors]: 2 });
});

test("what is logged has neither data nor messages of errors", async () => {
  const { bench, recorder } = make();
  bench.refusals.set("c", new BusError("unavailable", "the patient's name"));
  await recorder.record([
    bench.message({ id: "a", type: "task.completed", data: { taskId: ["the patient's name"] } }),
    bench.message({ body: "the patient's name" }),
    bench.message({ id: "c" }),
  ]);
  expect(bench.lines).toHaveLength(3);
  expect(bench.lines.join("\n")).not.toContain("patient");
});
