import { describe, expectTypeOf, it } from "vitest";
import {
  type BatchHandler,
  type Bus,
  type BusError,
  connect,
  createCatalog,
  type Draft,
  type DraftOf,
  defineEvent,
  defineSubscription,
  type Event,
  type EventFor,
  type EventsOf,
  type Handler,
  type PublishResult,
} from "wagglebus";
import { memoryCreated, type StandardEvents, standardCatalog, taskAssigned, taskCompleted } from "wagglebus/catalog";
import { testBus } from "wagglebus/testing";
import { z } from "zod";

declare const bus: Bus;
declare const anyBus: Bus<Record<string, unknown>>;

describe("publish", () => {
  it("accepts a definition with its data", () => {
    expectTypeOf(bus.publish(taskCompleted, { taskId: "1" }))
      .resolves.toHaveProperty("type")
      .toEqualTypeOf<"task.completed">();
    // @ts-expect-error taskId is a string
    bus.publish(taskCompleted, { taskId: 1 });
    // @ts-expect-error taskId is missing
    bus.publish(taskCompleted, {});
  });

  it("accepts a draft, typed by its type", () => {
    bus.publish({ type: "task.completed", data: { taskId: "1" } });
    bus.publish({ type: "custom.anything", data: { at: [1, 2] } });
    // @ts-expect-error taskId is missing
    bus.publish({ type: "task.completed", data: {} });
    // @ts-expect-error unknown type
    bus.publish({ type: "task.complete", data: { taskId: "1" } });
    // @ts-expect-error replay is set by the engine only
    bus.publish({ type: "task.completed", data: { taskId: "1" }, metadata: { replay: { id: "1" } } });
  });
});

describe("a delayed publish", () => {
  it("takes a delay or a time, in every form", () => {
    bus.publish(taskCompleted, { taskId: "1" }, { delay: "10m" });
    bus.publish({ type: "task.completed", data: { taskId: "1" } }, { deliverAt: new Date(), dedupe: "key" });
    bus.publish({ type: "custom.anything", data: {} }, { delay: 5 });
    bus.emit.task.completed({ taskId: "1" }, { deliverAt: "2026-01-31T12:00:00Z", metadata: { priority: 1 } });
    bus.publishAll([{ type: "custom.anything", data: {}, metadata: { deliverAt: "2026-01-31T12:00:00Z" } }]);
  });

  it("takes not both, and no other unit", () => {
    // @ts-expect-error one excludes the other
    bus.publish(taskCompleted, { taskId: "1" }, { delay: "10m", deliverAt: new Date() });
    // @ts-expect-error one excludes the other
    bus.emit.task.completed({ taskId: "1" }, { delay: "10m", deliverAt: new Date() });
    // @ts-expect-error one excludes the other
    bus.publish({ type: "custom.anything", data: {} }, { delay: "10m", deliverAt: new Date() });
    // @ts-expect-error there is no such unit
    bus.publish(taskCompleted, { taskId: "1" }, { delay: "10 minutes" });
  });
});

describe("publishAll", () => {
  it("takes drafts, each typed by its type, and gives each its result", async () => {
    const check = async () => {
      const [first, second] = await bus.publishAll([
        { type: "task.completed", data: { taskId: "1" }, metadata: { priority: 1 } },
        { type: "custom.anything", data: { at: [1, 2] } },
      ]);
      if (first.ok) expectTypeOf(first.event.data.taskId).toEqualTypeOf<string>();
      else expectTypeOf(first.error).toEqualTypeOf<BusError>();
      if (second.ok) expectTypeOf(second.event).toEqualTypeOf<Event<"custom.anything">>();
      // @ts-expect-error there were two
      const [, , third] = await bus.publishAll([...two]);
      return third;
    };
    const two = [
      { type: "custom.a", data: {} },
      { type: "custom.b", data: {} },
    ] as const satisfies Draft[];
    expectTypeOf(check).toBeFunction();
  });

  it("takes lists that are made at run time", async () => {
    const drafts = ["1", "2"].map((taskId) => ({ type: "task.completed" as const, data: { taskId } }));
    expectTypeOf(bus.publishAll(drafts)).resolves.toEqualTypeOf<
      PublishResult<Event<"task.completed", StandardEvents["task.completed"]>>[]
    >();
    const mixed: DraftOf<StandardEvents>[] = [...drafts, { type: "custom.anything", data: {} }];
    bus.publishAll(mixed);
    bus.publishAll([]);
  });

  it("refuses what the catalog does not know", () => {
    // @ts-expect-error taskId is missing
    bus.publishAll([{ type: "task.completed", data: {} }]);
    // @ts-expect-error taskId is a string
    bus.publishAll([{ type: "task.completed", data: { taskId: 1 } }]);
    // @ts-expect-error there is no such type
    bus.publishAll([{ type: "task.complete", data: { taskId: "1" } }]);
    // @ts-expect-error replay is set by the engine only
    bus.publishAll([{ type: "custom.anything", data: {}, metadata: { replay: { id: "1" } } }]);
    const untyped: Draft[] = [{ type: "task.completed", data: {} }];
    // @ts-expect-error it may be any type
    bus.publishAll(untyped);
  });

  it("takes any draft where the types are known at run time alone", () => {
    const dynamic: Draft[] = [{ type: "task.completed", data: {} }];
    expectTypeOf(anyBus.publishAll(dynamic)).resolves.toEqualTypeOf<PublishResult[]>();
  });
});

describe("emit", () => {
  it("has one function per type, even if a type is the prefix of another", () => {
    expectTypeOf(bus.emit.task.completed).parameter(0).toHaveProperty("taskId").toEqualTypeOf<string>();
    expectTypeOf(bus.emit.agent.task.completed).parameter(0).toHaveProperty("agentId").toEqualTypeOf<string>();
    expectTypeOf(bus.emit.knowledge_graph.updated).toBeFunction();
    // @ts-expect-error unknown type
    bus.emit.task.complet({ taskId: "1" });
    // @ts-expect-error data is checked
    bus.emit.task.completed({ taskId: 1 });
  });
});

describe("subscribe", () => {
  it("types the handler's event by `on`", () => {
    bus.subscribe({ on: taskCompleted }, (event) => {
      expectTypeOf(event.data.taskId).toEqualTypeOf<string>();
      expectTypeOf(event.type).toEqualTypeOf<"task.completed">();
    });
    bus.subscribe({ on: ["task.completed"] }, (event) => expectTypeOf(event.data.taskId).toEqualTypeOf<string>());
    bus.subscribe({ on: [taskCompleted, memoryCreated] }, (event) => {
      if (event.type === "memory.created") expectTypeOf(event.data.memoryId).toEqualTypeOf<string>();
      else expectTypeOf(event.data.taskId).toEqualTypeOf<string>();
    });
    bus.subscribe({ on: "memory.*" }, (event) => expectTypeOf(event.data).toBeUnknown());
  });

  it("keeps the type through defineSubscription, and types `where`", () => {
    const readers = defineSubscription({ name: "readers", on: taskAssigned, where: { data: { taskId: ["1"] } } });
    bus.subscribe(readers, (event, context) => {
      expectTypeOf(event.data.taskId).toEqualTypeOf<string>();
      expectTypeOf(context.bus.emit.task.completed).toBeFunction();
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
    });
    // @ts-expect-error task.assigned has no such field
    defineSubscription({ on: taskAssigned, where: { data: { tasc: ["1"] } } });
    // @ts-expect-error a filter sees the same event
    bus.subscribe(readers, () => {}, { filter: (event) => event.nothing === 1 });
  });

  it("accepts a separate handler of type Handler", () => {
    const handler: Handler<Event<"task.completed", { taskId: string }>> = async (event, { log }) => {
      log.info(event.data.taskId);
    };
    bus.subscribe({ on: taskCompleted }, handler);
  });
});

describe("subscribe with batch", () => {
  it("gives the handler a list of what `on` names, and its own context", () => {
    bus.subscribe(
      { on: taskCompleted, concurrency: 100 },
      (events, context) => {
        expectTypeOf(events).toEqualTypeOf<readonly EventFor<typeof taskCompleted>[]>();
        for (const event of events) {
          expectTypeOf(event.data.taskId).toEqualTypeOf<string>();
          context.fail(event, new Error("no"));
          expectTypeOf(context.causedBy(event, () => 1)).toEqualTypeOf<number>();
          expectTypeOf(context.delivery(event).attempt).toEqualTypeOf<number>();
        }
        expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
        expectTypeOf(context.bus.emit.task.completed).toBeFunction();
        // @ts-expect-error several events have no one attempt
        context.attempt;
      },
      { batch: { size: 100, window: "1s" }, filter: (event) => event.data.taskId !== "" },
    );
    bus.subscribe(
      { on: [taskCompleted, "memory.created"] },
      async (events) => {
        for (const event of events) {
          if (event.type === "memory.created") expectTypeOf(event.data.memoryId).toEqualTypeOf<string>();
        }
      },
      { batch: { size: 2 } },
    );
  });

  it("leaves a handler of one event as it is, with options too", () => {
    bus.subscribe({ on: taskCompleted }, (event, { attempt }) => [event.data.taskId, attempt], { use: [] });
    bus.subscribe({ on: taskCompleted }, (event) => event.data.taskId, { filter: (event) => event.data.taskId !== "" });
  });

  it("has a type for handlers that stand alone", () => {
    const handler: BatchHandler<EventFor<typeof taskCompleted>> = async (events, { log, causedBy }) => {
      for (const event of events) await causedBy(event, async () => log.info(event.data.taskId));
    };
    bus.subscribe({ on: taskCompleted }, handler, { batch: { size: 10 } });
    // @ts-expect-error without `batch` the handler gets one event
    bus.subscribe({ on: taskCompleted }, handler);
    const ofOne: Handler<EventFor<typeof taskCompleted>> = (event) => event.data.taskId;
    // @ts-expect-error with `batch` the handler gets a list
    bus.subscribe({ on: taskCompleted }, ofOne, { batch: { size: 10 } });
    // @ts-expect-error a batch has a size
    bus.subscribe({ on: taskCompleted }, handler, { batch: { window: "1s" } });
    // @ts-expect-error there is no such option
    bus.subscribe({ on: taskCompleted }, handler, { batch: { size: 10, windw: "1s" } });
  });
});

describe("waitFor", () => {
  it("resolves to events of the matcher's type", () => {
    expectTypeOf(bus.waitFor(taskCompleted)).resolves.toHaveProperty("data").toHaveProperty("taskId");
    expectTypeOf(bus.waitFor("task.completed")).resolves.toHaveProperty("data").toHaveProperty("taskId");
    expectTypeOf(bus.waitFor({ any: [taskCompleted, memoryCreated] }))
      .resolves.toHaveProperty("type")
      .toEqualTypeOf<"task.completed" | "memory.created">();
    expectTypeOf(bus.waitFor({ all: [taskCompleted] })).resolves.toBeArray();
    expectTypeOf(bus.waitFor({ count: 2, of: [{ on: taskCompleted }] })).resolves.toBeArray();
    expectTypeOf(bus.waitFor("task.*")).resolves.toEqualTypeOf<Event>();
  });
});

describe("a catalog of your own", () => {
  const orderPlaced = defineEvent("order.placed", { data: z.looseObject({ orderId: z.string(), total: z.number() }) });

  it("types a bus that is connected with it", async () => {
    const own = await connect({ engine: "memory", catalog: createCatalog([orderPlaced]) });
    own.emit.order.placed({ orderId: "1", total: 2 });
    // @ts-expect-error the catalog has no other types
    own.emit.task;
    const both = await connect({ engine: "memory", catalog: standardCatalog.extend([orderPlaced]) });
    both.emit.order.placed({ orderId: "1", total: 2 });
    both.emit.task.completed({ taskId: "1" });
    expectTypeOf(testBus().emit.task.completed).toBeFunction();
  });

  it("has the types of its events", () => {
    const catalog = createCatalog([orderPlaced]);
    expectTypeOf<EventsOf<readonly [typeof orderPlaced]>>().toHaveProperty("order.placed");
    expectTypeOf<StandardEvents>().toHaveProperty("task.completed");
    expectTypeOf(catalog.types()).toEqualTypeOf<readonly string[]>();
  });
});
