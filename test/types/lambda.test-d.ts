import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { describe, expectTypeOf, it } from "vitest";
import { createCatalog, defineEvent, defineSubscription, type EventOf, type Handler } from "wagglebus";
import { memoryCreated, taskAssigned } from "wagglebus/catalog";
import { defineHandler, recordDeadLetter, recordHistory, watchFlows } from "wagglebus/lambda";
import { z } from "zod";

const tasks = defineSubscription({ name: "tasks", on: taskAssigned });

describe("defineHandler", () => {
  it("types the handler's event by `on`", () => {
    defineHandler(tasks, (event, { bus, signal }) => {
      expectTypeOf(event.type).toEqualTypeOf<"task.assigned">();
      expectTypeOf(event.data.taskId).toEqualTypeOf<string>();
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
      // @ts-expect-error taskId is a string
      bus.emit.task.completed({ taskId: 1 });
    });
    defineHandler({ name: "both", on: [taskAssigned, memoryCreated] }, (event) =>
      expectTypeOf(event.type).toEqualTypeOf<"task.assigned" | "memory.created">(),
    );
    defineHandler({ name: "named", on: "task.assigned" }, (event) =>
      expectTypeOf(event.data.taskId).toEqualTypeOf<string>(),
    );
  });

  it("accepts the same handler as `subscribe`", () => {
    const handler: Handler<EventOf<typeof tasks>> = () => {};
    defineHandler(tasks, handler);
    const ofAnother: Handler<EventOf<{ on: typeof memoryCreated }>> = () => {};
    // @ts-expect-error it handles another type
    defineHandler(tasks, ofAnother);
  });

  it("types the bus and the events by the given catalog", () => {
    const mine = defineEvent("mine.happened", { description: "Mine.", data: z.looseObject({ at: z.number() }) });
    const catalog = createCatalog([mine]);
    defineHandler(
      { name: "mine", on: "mine.happened" },
      (event, { bus }) => {
        expectTypeOf(event.data.at).toEqualTypeOf<number>();
        bus.emit.mine.happened({ at: event.data.at });
      },
      { catalog },
    );
  });

  it("checks `where` and the options", () => {
    // @ts-expect-error unknown setting
    defineHandler({ name: "tasks", on: taskAssigned, attempt: 3 }, () => {});
    // @ts-expect-error unknown option
    defineHandler(tasks, () => {}, { catalogue: 1 });
    // @ts-expect-error a function handles one event at a time
    defineHandler(tasks, () => {}, { batch: { size: 10 } });
    // @ts-expect-error a function handles one event at a time
    defineHandler(tasks, (events: readonly EventOf<typeof tasks>[]) => void events.length);
  });
});

describe("the functions", () => {
  it("have the signature of a Lambda handler", () => {
    const forQueue: (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> = defineHandler(tasks, () => {});
    expectTypeOf(forQueue).toBeFunction();
    expectTypeOf(recordHistory({})).toExtend<(event: SQSEvent, context: Context) => Promise<SQSBatchResponse>>();
    expectTypeOf(recordDeadLetter()).toExtend<(event: SQSEvent, context: Context) => Promise<SQSBatchResponse>>();
    expectTypeOf(watchFlows({ rules: [{ kind: "slow-flow", over: "1m" }] })).toExtend<
      (event: unknown, context: Context) => Promise<void>
    >();
  });
});
