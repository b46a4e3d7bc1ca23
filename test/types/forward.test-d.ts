import { expectTypeOf, test } from "vitest";
import { taskCreated } from "../../lib/catalog/task.ts";
import { type Bus, forward, type OpenEvents, type Subscriber } from "../../lib/index.ts";

declare const bus: Bus;
declare const open: Bus<OpenEvents>;

test("a link takes buses of any catalogs, and gives a subscriber", () => {
  expectTypeOf(forward(bus, { to: open })).resolves.toEqualTypeOf<Subscriber>();
  expectTypeOf(forward(open, { to: bus, path: { from: "a", to: "b" } })).resolves.toEqualTypeOf<Subscriber>();
});

test("`where` is typed by `on`, and an unknown type is refused", () => {
  void forward(bus, { to: open, on: taskCreated, where: { data: { taskId: ["a"] } } });
  // @ts-expect-error no such field
  void forward(bus, { to: open, on: taskCreated, where: { data: { taskIds: ["a"] } } });
  // @ts-expect-error no such type
  void forward(bus, { to: open, on: "task.crated" });
  // @ts-expect-error no target
  void forward(bus, {});
});
