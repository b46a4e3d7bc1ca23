import { describe, expectTypeOf, test } from "vitest";
import { memoryCreated, type StandardEvents, taskCompleted } from "../../lib/catalog/index.ts";
import type { Bus, Event, EventMatcher, EventOfMatcher } from "../../lib/index.ts";

declare const bus: Bus;

describe("waitFor resolves to", () => {
  test("the event of the matcher's type", () => {
    expectTypeOf(bus.waitFor({ on: taskCompleted }))
      .resolves.toHaveProperty("data")
      .toHaveProperty("taskId")
      .toBeString();
    expectTypeOf(bus.waitFor({ on: "task.completed" }))
      .resolves.toHaveProperty("data")
      .toHaveProperty("taskId");
    expectTypeOf(bus.waitFor({ on: "task.*" })).resolves.toEqualTypeOf<Event>();
  });

  test("a union of the events of `any`, narrowed by type", async () => {
    const check = async () => {
      const event = await bus.waitFor({
        any: [{ on: taskCompleted, where: { data: { taskId: ["task-12"] } } }, memoryCreated],
      });
      if (event.type === "task.completed") expectTypeOf(event.data.taskId).toBeString();
      else expectTypeOf(event.data.memoryId).toBeString();
    };
    expectTypeOf(check).toBeFunction();
  });

  test("a tuple of the events of `all`, each with its own type", () => {
    const check = async () => {
      const [completed, created] = await bus.waitFor({ all: [{ on: taskCompleted }, "memory.created"] });
      expectTypeOf(completed.data.taskId).toBeString();
      expectTypeOf(created.data.memoryId).toBeString();
    };
    expectTypeOf(check).toBeFunction();
  });

  test("events of any type for matchers in an array", () => {
    const matchers: EventMatcher[] = [taskCompleted, { on: "task.*", where: { data: { taskId: ["task-12"] } } }];
    const check = async () => {
      expectTypeOf((await bus.waitFor({ any: matchers })).id).toBeString();
      expectTypeOf(await bus.waitFor({ all: matchers })).toBeArray();
      expectTypeOf(await bus.waitFor({ count: 2, of: matchers })).toBeArray();
    };
    expectTypeOf(check).toBeFunction();
  });

  test("EventOfMatcher of the type name", () => {
    expectTypeOf<EventOfMatcher<"task.completed", StandardEvents>>().toEqualTypeOf<
      Event<"task.completed", StandardEvents["task.completed"]>
    >();
  });
});

describe("the `where` of waitFor is typed by its `on`", () => {
  const check = () => [
    bus.waitFor({ on: taskCompleted, where: { data: { taskId: ["task-12"] }, metadata: { priority: [1] } } }),
    bus.waitFor({ on: "task.completed", where: { data: { anything: [5] } } }),
    // @ts-expect-error: unknown field of the data
    bus.waitFor({ on: taskCompleted, where: { data: { taskID: ["task-12"] } } }),
    // @ts-expect-error: must be a string, not a number
    bus.waitFor({ on: taskCompleted, where: { data: { taskId: [12] } } }),
    // @ts-expect-error: must be a string, not a number
    bus.waitFor({ any: [{ on: taskCompleted, where: { data: { taskId: [12] } } }, memoryCreated] }),
    // @ts-expect-error: must be a string, not a number
    bus.waitFor({ all: [{ on: taskCompleted, where: { data: { taskId: [12] } } }] }),
    // @ts-expect-error: must be a string, not a number
    bus.waitFor({ count: 1, of: [{ on: taskCompleted, where: { data: { taskId: [12] } } }] }),
    // @ts-expect-error: several selectors go into { on } or { any }
    bus.waitFor([taskCompleted, memoryCreated]),
  ];

  test("in every form", () => {
    expectTypeOf(check).toBeFunction();
  });
});
