import { describe, expectTypeOf, it } from "vitest";
import { type Bus, type Catalog, createCatalog, type Draft, defineEvent, type EventsOf } from "wagglebus";
import { taskCompleted } from "wagglebus/catalog";
import { z } from "zod";

const packed = defineEvent("shop.order.packed", {
  data: z.looseObject({
    orderId: z.string(),
    note: z.json().optional(),
    prices: z.record(z.string(), z.number()).optional(),
    lines: z.array(z.looseObject({ sku: z.string() })).optional(),
    size: z.tuple([z.number(), z.looseObject({ unit: z.string() })]).optional(),
  }),
});
type Events = EventsOf<readonly [typeof packed]>;
declare const bus: Bus<Events>;
declare const crew: Bus;
const nothing = () => {};

describe("a literal with a field that its type does not declare", () => {
  const full = { orderId: "1", lines: [{ sku: "a" }] };

  it("is refused in every form of publish, at any depth", () => {
    // @ts-expect-error misspelt
    bus.publish(packed, { orderId: "1", lnes: [] });
    // @ts-expect-error misspelt in an element
    bus.publish(packed, { orderId: "1", lines: [{ sku: "a", quantitiy: 1 }] });
    // @ts-expect-error misspelt in a tuple
    bus.emit.shop.order.packed({ orderId: "1", size: [1, { unit: "m", unti: 1 }] });
    // @ts-expect-error misspelt
    bus.publish({ type: "shop.order.packed", data: { orderId: "1", lnes: [] } });
    // @ts-expect-error misspelt field of the draft
    bus.publish({ type: "shop.order.packed", data: { orderId: "1" }, soruce: "a" });
    // @ts-expect-error misspelt
    bus.publishAll([{ type: "shop.order.packed", data: { orderId: "1", lnes: [] } }]);
    bus.publishAll([
      { type: "custom.a", data: {} },
      // @ts-expect-error misspelt field of the draft
      { type: "custom.b", data: {}, soruce: "a" },
    ]);
    type Packed = Draft<"shop.order.packed", Events["shop.order.packed"]>;
    // @ts-expect-error misspelt
    const data: Packed["data"] = { ordrId: "1" };
    expectTypeOf(data).toBeObject();
    // @ts-expect-error misspelt
    crew.emit.task.completed({ taskId: "1", reslt: 1 });
  });

  it("is taken where any field may be, and so is what is no literal", () => {
    bus.publish(packed, { orderId: "1", note: { any: ["thing", 1] }, prices: { any: 1 } });
    const more = { ...full, extra: true };
    bus.publish(packed, more);
    bus.publish({ type: "shop.order.packed", data: more });
    bus.publishAll([{ type: "shop.order.packed", data: more }]);
    bus.publish({ type: "custom.anything", data: { any: 1 } });
  });
});

describe("the data of an event", () => {
  it("is readonly at any depth, and can be published again as it is", async () => {
    const check = async () => {
      const event = await bus.publish(packed, { orderId: "1" });
      // @ts-expect-error it is frozen
      event.data.orderId = "2";
      // @ts-expect-error it is frozen
      event.data.lines?.push({ sku: "b" });
      // @ts-expect-error it is frozen
      if (event.data.size) event.data.size[1].unit = "cm";
      // @ts-expect-error it is frozen
      if (event.data.prices) event.data.prices.any = 2;
      await bus.publish(packed, event.data);
      await bus.publish({ type: "shop.order.packed", data: { ...event.data, orderId: "2" } });
      expectTypeOf(event.data.lines?.[0]?.sku).toEqualTypeOf<string | undefined>();
      expectTypeOf(event.data.anything).toBeUnknown();
    };
    expectTypeOf(check).toBeFunction();
  });
});

describe("a misspelt type", () => {
  it("is refused by subscribe and waitFor, also with a *", () => {
    // @ts-expect-error misspelt
    bus.subscribe({ on: "shop.order.pakced" }, nothing);
    // @ts-expect-error misspelt
    bus.subscribe({ on: [packed, "shop.order.pakced"] }, nothing);
    // @ts-expect-error it matches no type
    bus.subscribe({ on: "shp.*" }, nothing);
    // @ts-expect-error it matches no type
    crew.subscribe({ on: ["memory.*", "memroy.*"] }, nothing);
    // @ts-expect-error misspelt
    bus.waitFor("shop.order.pakced");
    // @ts-expect-error it matches no type
    bus.waitFor({ on: "shp.*" });
    // @ts-expect-error misspelt
    bus.waitFor({ on: ["shop.order.pakced", packed] });
    // @ts-expect-error misspelt
    bus.waitFor({ any: ["shop.order.pakced", packed] });
    // @ts-expect-error misspelt
    bus.waitFor({ all: [packed, { on: "shop.order.pakced" }] });
    // @ts-expect-error it matches no type
    bus.waitFor({ count: 2, of: [{ on: [packed, "shp.*"] }] });
  });

  it("is no known type, custom.*, a * that may match one, or a name of run time", () => {
    bus.subscribe({ on: ["shop.order.packed", "shop.*", "*.packed", "shop.*.packed", packed, "*"] }, nothing);
    bus.subscribe({ on: ["custom.anything", "custom.*", "cus*", "*.of_custom"] }, nothing);
    bus.subscribe({ on: "any.thing" as string }, nothing);
    bus.subscribe({ on: taskCompleted }, nothing);
    bus.waitFor({ any: ["shop.order.packed", { on: "custom.anything" }, "*.packed"] });
    const open = createCatalog([packed], { open: true });
    const check = (anything: Bus<EventsIn<typeof open>>) => {
      anything.subscribe({ on: "any.thing" }, nothing);
      anything.waitFor("any.*");
      anything.publish({ type: "any.thing", data: { any: 1 } });
      // @ts-expect-error what is declared is checked all the same
      anything.publish({ type: "shop.order.packed", data: { ordrId: "1" } });
    };
    expectTypeOf(check).toBeFunction();
  });
});

type EventsIn<Given> = Given extends Catalog<infer Events> ? Events : never;
