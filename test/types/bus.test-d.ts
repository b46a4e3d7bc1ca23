import { describe, expectTypeOf, it } from "vitest";
import {
  type Bus,
  connect,
  createCatalog,
  defineEvent,
  defineSubscription,
  type Event,
  type EventsOf,
  type Handler,
} from "wagglebus";
import { memoryCreated, type StandardEvents, standardCatalog, taskAssigned, taskCompleted } from "wagglebus/catalog";
import { testBus } from "wagglebus/testing";
import { z } from "zod";

declare const bus: Bus;

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
