import { expect, test } from "vitest";
import type { Delivery } from "../../../../lib/engine/delivery.ts";
import { MemoryEngine } from "../../../../lib/engines/memory/index.ts";
import { createIds } from "../../../../lib/event/id.ts";
import { ManualClock, turn } from "../../../../lib/testing/manual-clock.ts";
import { aRecord } from "../../../support/a-record.ts";
import { anEvent } from "../../../support/an-event.ts";

test.each([true, false])(
  "an id published again after its event was forgotten is delivered to a subscription made in between (history: %s)",
  async (history) => {
    const clock = new ManualClock();
    const engine = new MemoryEngine({ clock, nextId: createIds({ now: clock.now }), keep: 2 });
    const publish = (id: string) =>
      engine.log.append({ event: anEvent({ id }), ownId: true, history, inHandler: false });
    const held: Delivery[] = [];
    publish("a");
    await engine.subscriptions.put(aRecord({ name: "late" }), { ephemeral: false });
    engine.deliveries.consume("late", {
      capacity: () => 10,
      deliver: (delivery) => held.push(delivery),
      expired: () => {},
    });
    expect(publish("a")).toMatchObject({ duplicate: true });
    for (const id of ["b", "c", "a"]) expect(publish(id)).toMatchObject({ duplicate: false });
    await turn();
    expect(held.map(({ event }) => event.id)).toEqual(["b", "c", "a"]);
  },
);
