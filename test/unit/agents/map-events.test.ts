import { expect, test } from "vitest";
import { mapEvents } from "../../../lib/agents/index.ts";
import { testBus } from "../../../lib/testing/index.ts";

test("events are left out, enriched and split, once over all attempts, in their flow", async () => {
  const bus = testBus();
  let failures = 1;
  await mapEvents(bus, { name: "split", on: "custom.order" }, (event) => {
    const { items } = event.data as { items: readonly string[] };
    if (items.length === 0) return undefined;
    const drafts = items.map((item) => ({ type: "custom.item", data: { item } }) as const);
    if (failures-- > 0) return [...drafts, { type: "unknown.type", data: {} }];
    return drafts;
  });
  const { id } = await bus.publish({ type: "custom.order", data: { items: ["a", "b"] } });
  await bus.publish({ type: "custom.order", data: { items: [] } });
  await bus.drain();
  const items = bus.published.filter(({ type }) => type === "custom.item");
  expect(items.map(({ data }) => data)).toEqual([{ item: "a" }, { item: "b" }]);
  expect(items.map(({ metadata }) => [metadata.causationId, metadata.correlationId])).toEqual([
    [id, id],
    [id, id],
  ]);
});
