import { describe, expectTypeOf, test } from "vitest";
import { memoryCreated, type StandardEvents, taskCompleted } from "../../lib/catalog/index.ts";
import type { Bus, Event, EventMatcher, EventOfMatcher } from "../../lib/index.ts";

declare const bus: Bus;

describe("what waitFor gives", () => {
  test("of one want, the event of its type", () => {
    expectTypeOf(bus.waitFor({ on: taskCompleted }))
      .resolves.toHaveProperty("data")
      .toHaveProperty("taskId")
      .toBeString();
    expectTypeOf(bus.waitFor({ on: "task.completed" }))
      .resolves.toHaveProperty("data")
      .toHaveProperty("taskId");
    expectTypeOf(bus.waitFor({ on: "task.*" })).resolves.toEqualTypeOf<Event>();
  });

  test("of any, one of them, told apart by type", async () => {
    const check = async () => {
      const event = await bus.waitFor({
        any: [{ on: taskCompleted, where: { data: { taskId: ["task-12"] } } }, memoryCreated],
      });
      if (event.type === "task.completed") expectTypeOf(event.data.taskId).toBeString();
      else expectTypeOf(event.data.memoryId).toBeString();
    };
    expectTypeOf(check).toBeFunction();
  });

  test("of all, one for each, each of its own type", () => {
    const check = async () => {
      const [completed, created] = await bus.waitFor({ all: [{ on: taskCompleted }, "memory.created"] });
      expectTypeOf(completed.data.taskId).toBeString();
      expectTypeOf(created.data.memoryId).toBeString();
    };
    expectTypeOf(check).toBeFunction();
  });

  test("of a list made at run time, events", () => {
    const wants: EventMatcher[] = [taskCompleted, { on: "task.*", where: { data: { taskId: ["task-12"] } } }];
    const check = async () => {
      expectTypeOf((await bus.waitFor({ any: wants })).id).toBeString();
      expectTypeOf(await bus.waitFor({ all: wants })).toBeArray();
      expectTypeOf(await bus.waitFor({ count: 2, of: wants })).toBeArray();
    };
    expectTypeOf(check).toBeFunction();
  });

  test("by name, EventOfMatcher", () => {
    expectTypeOf<EventOfMatcher<"task.completed", StandardEvents>>().toEqualTypeOf<
      Event<"task.completed", StandardEvents["task.completed"]>
    >();
  });
});

describe("`where` of waitFor is typed by its `on`", () => {
  const check = () => [
    bus.waitFor({ on: taskCompleted, where: { data: { taskId: ["task-12"] }, metadata: { priority: [1] } } }),
    bus.waitFor({ on: "task.completed", where: { data: { anything: [5] } } }),
    // @ts-expect-error: no field of the data
    bus.waitFor({ on: taskCompleted, where: { data: { taskID: ["task-12"] } } }),
    // @ts-expect-error: a text, not a number
    bus.waitFor({ on: taskCompleted, where: { data: { taskId: [12] } } }),
    // @ts-expect-error: a text, not a number
    bus.waitFor({ any: [{ on: taskCompleted, where: { data: { taskId: [12] } } }, memoryCreated] }),
    // @ts-expect-error: a text, not a number
    bus.waitFor({ all: [{ on: taskCompleted, where: { data: { taskId: [12] } } }] }),
    // @ts-expect-error: a text, not a number
    bus.waitFor({ count: 1, of: [{ on: taskCompleted, where: { data: { taskId: [12] } } }] }),
    // @ts-expect-error: several go into { on } or { any }
    bus.waitFor([taskCompleted, memoryCreated]),
  ];

  test("in every form", () => {
    expectTypeOf(check).toBeFunction();
  });
});
