import { expect, test } from "vitest";
import { metricNames, toUnpublishedMessage } from "../../../lib/aws-shared/index.ts";
import type { Failure } from "../../../lib/engine/delivery.ts";
import type { QueueMessage } from "../../../lib/engines/aws/dependencies.ts";
import { BusError } from "../../../lib/error/bus-error.ts";
import { DeadLetterRecorder } from "../../../lib/lambda/dead-letter-recorder.ts";
import { HistoryRecorder } from "../../../lib/lambda/history-recorder.ts";
import { anEvent } from "../../support/an-event.ts";
import { describeDynamo } from "../../support/dynamo.ts";
import { Bench, dynamoForFile } from "../engines/aws/deliveries/bench.ts";
import { queueArn, RecorderBench } from "./recorder-bench.ts";

const reason = {
  code: "unavailable",
  message: "EventBridge failed",
  at: "2026-01-01T00:00:00.000Z",
  attempt: 3,
} as const;

function make(bench = new RecorderBench()) {
  const { dependencies, deadLetters } = bench;
  const givenUp: { subscription: string; reason: Pick<Failure, "code" | "message"> }[] = [];
  const giveUp = async (_message: QueueMessage, subscription: string, why: Pick<Failure, "code" | "message">) => {
    if (subscription === "busy") throw new BusError("unavailable", "it still runs");
    givenUp.push({ subscription, reason: why });
    return undefined;
  };
  const history = new HistoryRecorder(dependencies, bench.history, deadLetters);
  const recorder = new DeadLetterRecorder({ ...dependencies, deadLetters, deliveries: { giveUp }, history });
  return { bench, recorder, givenUp };
}

test("each queue is told by its name, and each delivery given up for its own subscription", async () => {
  const { bench, recorder, givenUp } = make();
  const { failed } = await recorder.record([
    bench.message({}, { queueArn: queueArn("agents-readers-dlq"), received: 2 }),
    bench.message({}, { queueArn: queueArn("agents-in-order-dlq.fifo") }),
    bench.message(
      {},
      {
        queueArn: queueArn("agents-in-order-dlq"),
        attributes: { RULE_ARN: "arn:aws:events:…", ERROR_CODE: "NO_PERMISSIONS", ERROR_MESSAGE: "no access" },
      },
    ),
  ]);
  expect(failed).toEqual([]);
  expect(givenUp).toMatchObject([
    { subscription: "readers", reason: { code: "process_ended" } },
    { subscription: "in-order", reason: { code: "process_ended" } },
    {
      subscription: "in-order",
      reason: {
        code: "unavailable",
        message: "EventBridge could not bring it to the subscription's queue (NO_PERMISSIONS: no access)",
      },
    },
  ]);
});

test("an event that could not be published is recorded as its publisher reported it", async () => {
  const { bench, recorder } = make();
  const deadLetter = {
    id: "dead-letter-1",
    event: anEvent({ id: "a" }),
    reason,
    attempts: 3,
    failures: [reason],
    acceptedAt: reason.at,
    deadAt: reason.at,
  };
  const message = bench.message(
    { body: toUnpublishedMessage(deadLetter) },
    { queueArn: queueArn("agents-unpublished") },
  );
  const { failed, counts } = await recorder.record([message]);
  expect(failed).toEqual([]);
  expect(counts).toEqual({ [metricNames.deadLetters]: 1 });
  expect([...bench.kept.values()]).toEqual([deadLetter]);
});

test("an event that the bus took and could not process is a dead letter that a redrive publishes again", async () => {
  const { bench, recorder } = make();
  const more = {
    queueArn: queueArn("agents-bus-dlq"),
    attributes: { ERROR_CODE: "KMS_DISABLED", ERROR_MESSAGE: "the key is disabled" },
  };
  const [message, invalid] = [
    bench.message({ id: "a" }, more),
    bench.message({ id: "b", type: "task.created", data: {} }, more),
  ];
  const both = { failed: [], counts: { [metricNames.deadLetters]: 2 } };
  expect(await recorder.record([message, invalid])).toEqual(both);
  // The same message again changes nothing.
  expect(await recorder.record([message, invalid])).toEqual(both);
  expect([...bench.kept.values()]).toEqual([
    expect.objectContaining({
      event: expect.objectContaining({ id: "a" }),
      reason: expect.objectContaining({
        code: "unavailable",
        message: "the bus could not process it (KMS_DISABLED: the key is disabled); check its key and the key's policy",
      }),
    }),
    expect.objectContaining({ reason: expect.objectContaining({ code: "invalid_event" }) }),
  ]);
  for (const deadLetter of bench.kept.values()) expect(deadLetter).not.toHaveProperty("subscription");
});

test("what nobody can read in the publishers' queue is a dead letter as well", async () => {
  const { bench, recorder } = make();
  const message = bench.message({ body: "no dead letter" }, { queueArn: queueArn("agents-unpublished") });
  expect((await recorder.record([message])).failed).toEqual([]);
  expect([...bench.kept.values()]).toMatchObject([
    { reason: { code: "invalid_event" }, event: { data: { stored: "no dead letter" } } },
  ]);
});

test("events that did not come into history are recorded after all", async () => {
  const { bench, recorder } = make();
  const message = bench.message({ id: "late" }, { queueArn: queueArn("agents-history-dlq") });
  expect(await recorder.record([message])).toEqual({ failed: [], counts: { [metricNames.recorded]: 1 } });
  expect(bench.recorded.map(({ id }) => id)).toEqual(["late"]);
});

test("what could not be recorded stays in its queue, alone, and is counted; so does what is of no queue of the bus", async () => {
  const { bench, recorder } = make();
  bench.deadLettersFail = true;
  const { failed, counts } = await recorder.record([
    bench.message({ body: "x" }, { queueArn: queueArn("agents-unpublished") }),
    bench.message({}, { queueArn: queueArn("agents-busy-dlq") }),
    bench.message({}, { queueArn: queueArn("others-readers-dlq") }),
    bench.message({}, { queueArn: queueArn("agents-readers-dlq") }),
  ]);
  expect(failed.toSorted()).toEqual(["message-1", "message-2", "message-3"]);
  expect(counts).toEqual({ [metricNames.recordErrors]: 3 });
  expect(bench.lines.join("\n")).not.toContain("it still runs");
});

describeDynamo("with the deliveries table", () => {
  const dynamo = dynamoForFile();

  test("a delivery whose function always died becomes a dead letter with its attempts", async () => {
    const table = await Bench.make(dynamo());
    const { dependencies, history } = new RecorderBench();
    const deadLetters = { put: async () => {} };
    const recorder = new DeadLetterRecorder({
      ...dependencies,
      clock: table.clock,
      deadLetters,
      deliveries: table.store,
      history: new HistoryRecorder(dependencies, history, deadLetters),
    });
    const bench = new RecorderBench();
    const message = bench.message({ id: "killed" }, { queueArn: queueArn("agents-one-dlq") });
    await table.claim(message, 10_000);
    // While its lease lasts it may still run.
    expect((await recorder.record([message])).failed).toEqual([message.id]);
    table.clock.set(table.clock.now() + 11_000);
    // Its subscription's alarm is about it, and not the one of the publishers.
    expect(await recorder.record([message])).toEqual({
      failed: [],
      counts: {},
      ofSubscriptions: { one: { [metricNames.deadLetters]: 1 } },
    });
    expect(table.deadLetter).toMatchObject({ subscription: "one", attempts: 1, reason: { code: "process_ended" } });
    // The same message again changes nothing.
    expect(await recorder.record([message])).toEqual({ failed: [], counts: {} });
    expect(table.deadLetters.size).toBe(1);
  });
});
