import { expect, test } from "vitest";
import { deliveryDeadLetterId, invalidEventDeadLetterId } from "../../../../../lib/engines/aws/dead-letters/ids.ts";
import { anEvent } from "../../../../support/an-event.ts";

const uuid8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("the same death gives the same id, any other another", () => {
  const died = { subscription: "one", eventId: "1" };
  const id = deliveryDeadLetterId(died);
  expect(id).toMatch(uuid8);
  expect(deliveryDeadLetterId({ ...died, replayId: undefined, redriveGeneration: undefined })).toBe(id);
  const others = [
    { ...died, subscription: "two" },
    { ...died, eventId: "2" },
    { ...died, replayId: "x" },
    { ...died, redriveGeneration: "x" },
    { subscription: "one1", eventId: "" },
  ].map(deliveryDeadLetterId);
  expect(new Set([id, ...others]).size).toBe(6);
});

test("an invalid event gives one id, with other content another", () => {
  const event = anEvent({ data: { key: 1 } });
  const id = invalidEventDeadLetterId(event);
  expect(id).toMatch(uuid8);
  expect(invalidEventDeadLetterId(anEvent({ data: { key: 1 }, time: "2027-01-01T00:00:00.000Z" }))).toBe(id);
  const others = [
    anEvent({ data: { key: 2 } }),
    { ...event, id: "2" },
    { ...event, type: "b" },
    { ...event, source: "c" },
  ];
  expect(new Set([id, ...others.map(invalidEventDeadLetterId)]).size).toBe(5);
});
