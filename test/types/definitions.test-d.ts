import { assertType, describe, expectTypeOf, test } from "vitest";
import * as z from "zod";
import {
  type StandardEvents,
  standardCatalog,
  taskAssigned,
  taskCompleted,
  toolCallCompleted,
} from "../../lib/catalog/index.ts";
import {
  type ByType,
  type Catalog,
  createCatalog,
  defineEvent,
  type Event,
  type EventDefinition,
  type EventsOf,
} from "../../lib/event/index.ts";
import { defineSubscription, type EventFor, type EventOf } from "../../lib/subscription/index.ts";

const orderPaid = defineEvent("shop.order.paid", {
  data: z.looseObject({
    orderId: z.string(),
    amount: z.number(),
    kind: z.enum(["card", "cash"]),
    lines: z.array(z.looseObject({ sku: z.string() })).optional(),
  }),
});
const orderSent = defineEvent("shop.order.sent", { data: z.looseObject({ orderId: z.string(), carrier: z.string() }) });

describe("defineEvent", () => {
  test("keeps the name of the type and the input of the schema", () => {
    expectTypeOf(orderSent.type).toEqualTypeOf<"shop.order.sent">();
    expectTypeOf(orderSent).toEqualTypeOf<
      EventDefinition<
        "shop.order.sent",
        { readonly [x: string]: unknown; readonly orderId: string; readonly carrier: string }
      >
    >();
  });

  test("accepts only schemas of objects", () => {
    // @ts-expect-error a string is not an object
    defineEvent("shop.order.lost", { data: z.string() });
    // @ts-expect-error an array is not an object
    defineEvent("shop.order.lost", { data: z.array(z.string()) });
    defineEvent("shop.order.lost", { data: z.discriminatedUnion("by", [z.object({ by: z.literal("post") })]) });
  });

  test("types the argument of an upcast by the older schema", () => {
    defineEvent("shop.order.paid", {
      version: 3,
      data: z.looseObject({ orderId: z.string(), cents: z.number() }),
      older: [
        {
          version: 1,
          data: z.looseObject({ order: z.string(), euros: z.number() }),
          upcast: (data) => {
            expectTypeOf(data.euros).toEqualTypeOf<number>();
            return { orderId: data.order, euros: data.euros };
          },
        },
        {
          version: 2,
          data: z.looseObject({ orderId: z.string(), euros: z.number() }),
          upcast: (data) => {
            expectTypeOf(data.orderId).toEqualTypeOf<string>();
            // @ts-expect-error it is frozen
            data.euros = 2;
            return { orderId: data.orderId, cents: data.euros * 100 };
          },
        },
      ],
    });
    defineEvent("shop.order.paid", {
      data: z.looseObject({ orderId: z.string() }),
      // @ts-expect-error an upcast returns an object
      older: [{ version: 1, data: z.looseObject({ order: z.string() }), upcast: (data) => data.order }],
    });
  });

  test("every definition is an EventDefinition", () => {
    assertType<EventDefinition>(orderPaid);
    // @ts-expect-error it has another type
    assertType<EventDefinition<"shop.order.sent">>(orderPaid);
  });
});

describe("catalogs", () => {
  test("map each type to its data", () => {
    expectTypeOf<StandardEvents["task.completed"]["taskId"]>().toEqualTypeOf<string>();
    expectTypeOf<StandardEvents["task.completed"]["attempt"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<StandardEvents["memory.entity.extracted"]["entities"][number]["name"]>().toEqualTypeOf<string>();
    // @ts-expect-error no such type
    assertType<StandardEvents["task.complete"]>(undefined);
    expectTypeOf(standardCatalog).toEqualTypeOf<Catalog<StandardEvents>>();
  });

  test("accept an array, an object or a module", () => {
    type Expected = { readonly [x: string]: unknown; readonly orderId: string; readonly carrier: string };
    expectTypeOf<ByType<{ orderSent: typeof orderSent }>["shop.order.sent"]>().toEqualTypeOf<Expected>();
    const listed = createCatalog([orderSent, orderPaid]);
    expectTypeOf<EventsOf<(typeof orderSent | typeof orderPaid)[]>["shop.order.sent"]>().toEqualTypeOf<Expected>();
    expectTypeOf(listed).toExtend<Catalog<{ "shop.order.sent": Expected }>>();
    expectTypeOf(createCatalog({ orderSent })).toExtend<Catalog<{ "shop.order.sent": Expected }>>();
    expectTypeOf(standardCatalog.extend([orderSent])).toExtend<
      Catalog<StandardEvents & { "shop.order.sent": Expected }>
    >();
    // @ts-expect-error the catalog does not have this type
    assertType<Catalog<{ "shop.order.paid": object }>>(createCatalog([orderSent]));
  });
});

describe("defineSubscription", () => {
  test("keeps the selectors for the type of the handler's event", () => {
    const both = defineSubscription({ name: "both", on: [taskCompleted, toolCallCompleted] });
    type Both = EventOf<typeof both>;
    expectTypeOf<Both["type"]>().toEqualTypeOf<"task.completed" | "tool.call.completed">();
    expectTypeOf<Extract<Both, { type: "tool.call.completed" }>["data"]["toolName"]>().toEqualTypeOf<string>();
    const named = defineSubscription({ on: ["task.completed", "memory.*"] });
    expectTypeOf<EventOf<typeof named, StandardEvents>>().toEqualTypeOf<
      Event | Event<"task.completed", StandardEvents["task.completed"]>
    >();
    const one = defineSubscription({ on: taskAssigned });
    expectTypeOf<EventOf<typeof one>["data"]["taskId"]>().toEqualTypeOf<string>();
    expectTypeOf<EventFor<"*", StandardEvents>>().toEqualTypeOf<Event>();
  });

  test("types `where` by the data of definitions", () => {
    defineSubscription({
      on: orderPaid,
      where: {
        data: {
          amount: [{ numeric: [">", 100] }, 7],
          kind: ["card"],
          lines: { sku: [{ prefix: "A-" }] },
          orderId: [{ "anything-but": ["o-1"] }, { exists: true }],
          $or: [{ amount: [1] }, { kind: ["cash"] }],
        },
        metadata: { priority: [{ numeric: ["<=", 3] }], tags: ["urgent"] },
        source: [{ suffix: "-shop" }],
      },
    });
    // @ts-expect-error unknown field
    defineSubscription({ on: orderPaid, where: { data: { amuont: [1] } } });
    // @ts-expect-error must be a number
    defineSubscription({ on: orderPaid, where: { data: { amount: ["1"] } } });
    // @ts-expect-error values must be in a list
    defineSubscription({ on: orderPaid, where: { data: { amount: 1 } } });
    // @ts-expect-error unknown kind
    defineSubscription({ on: orderPaid, where: { data: { kind: ["cheque"] } } });
    // @ts-expect-error a number has no prefix
    defineSubscription({ on: orderPaid, where: { data: { amount: [{ prefix: "1" }] } } });
    // @ts-expect-error a string has no range
    defineSubscription({ on: orderPaid, where: { data: { orderId: [{ numeric: ["=", 1] }] } } });
    // @ts-expect-error unknown field of metadata
    defineSubscription({ on: orderPaid, where: { metadata: { agent: ["a"] } } });
    // @ts-expect-error unknown field of an event
    defineSubscription({ on: orderPaid, where: { dat: {} } });
    // @ts-expect-error unknown field of an element
    defineSubscription({ on: orderPaid, where: { data: { lines: { suk: ["A"] } } } });
  });

  test("allows the fields of any of several definitions in `where`", () => {
    defineSubscription({ on: [orderPaid, orderSent], where: { data: { carrier: ["post"], amount: [1] } } });
    // @ts-expect-error a field of none of them
    defineSubscription({ on: [orderPaid, orderSent], where: { data: { carier: ["post"] } } });
  });

  test("allows any field of data in `where` if a selector is a name", () => {
    defineSubscription({ on: [orderPaid, "memory.*"], where: { data: { whatever: { deep: [1, { prefix: "x" }] } } } });
    defineSubscription({ on: "task.*", where: { data: { whatever: [null] } } });
    // @ts-expect-error metadata is still typed
    defineSubscription({ on: "task.*", where: { metadata: { agent: ["a"] } } });
  });

  test("refuses invalid settings", () => {
    // @ts-expect-error the unit is missing
    defineSubscription({ on: "task.*", timeout: "30" });
    // @ts-expect-error unknown setting
    defineSubscription({ on: "task.*", attempst: 3 });
    // @ts-expect-error not a path into an event
    defineSubscription({ on: "task.*", ordered: "taskId" });
    // @ts-expect-error metadata has no such field
    defineSubscription({ on: "task.*", ordered: "metadata.agent" });
    // @ts-expect-error a limit is missing
    defineSubscription({ on: "task.*", throttle: { per: "1s" } });
    // @ts-expect-error no path into an event
    defineSubscription({ on: "task.*", concurrencyPerKey: { key: "taskId", limit: 1 } });
    defineSubscription({ on: "task.*", throttle: { limit: 5, per: "1s", key: "metadata.agentId" } });
    defineSubscription({ on: "task.*", concurrencyPerKey: { key: "data.taskId", limit: 1 } });
    defineSubscription({ on: "task.*", ordered: "data.taskId", timeout: "1.5s", backoff: { from: 10 } });
  });

  test("types the paths of keys by what the definitions declare", () => {
    defineSubscription({ on: orderPaid, ordered: "data.orderId", throttle: { limit: 1, per: "1s", key: "data.kind" } });
    defineSubscription({
      on: [orderPaid, orderSent],
      ordered: "data.carrier",
      concurrencyPerKey: { key: "source", limit: 1 },
    });
    defineSubscription({ on: orderPaid, ordered: "metadata.correlationId" });
    defineSubscription({ on: [orderPaid, "task.*"], ordered: "data.whatever" });
    const nested = defineEvent("shop.order.packed", {
      data: z.looseObject({
        box: z.looseObject({ id: z.string(), labels: z.record(z.string(), z.string()) }),
        any: z.unknown(),
      }),
    });
    for (const ordered of ["data.box.id", "data.box.labels.to", "data.any.deep"] as const) {
      defineSubscription({ on: nested, ordered });
    }
    // @ts-expect-error no definition declares it
    defineSubscription({ on: orderPaid, ordered: "data.ordreId" });
    // @ts-expect-error no definition declares it
    defineSubscription({ on: nested, ordered: "data.box.no" });
    // @ts-expect-error none of the two declares it
    defineSubscription({ on: [orderPaid, orderSent], throttle: { limit: 1, per: "1s", key: "data.carier" } });
    // @ts-expect-error no definition declares it
    defineSubscription({ on: orderPaid, concurrencyPerKey: { key: "data.nope", limit: 1 } });
  });
});
