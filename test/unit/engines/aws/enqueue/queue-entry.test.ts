import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toQueueEntry } from "../../../../../lib/engines/aws/enqueue/queue-entry.ts";
import { toRequests } from "../../../../../lib/engines/aws/enqueue/send.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";

test("a request has ten messages and a mebibyte at most, and messages keep their order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1_048_576 }), { maxLength: 60 }), (sizes) => {
      const entries = sizes.map((bytes, n) => ({ bytes, entry: { MessageBody: String(n) } }));
      const requests = toRequests(entries);
      expect(requests.flat()).toEqual(entries);
      for (const request of requests) {
        expect(request.length).toBeGreaterThan(0);
        expect(request.length).toBeLessThanOrEqual(10);
        expect(request.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(1_048_576);
      }
    }),
  );
});

const fifo = { schema: 1, queueUrl: "q", fifo: true, consumer: "process" } as const;

test("in a FIFO queue the key is the group, whatever it holds; the same again is the same message", () => {
  const record = aRecord({ name: "readers", ordered: "data.key" });
  const keys = ["a", "with space", "ü", "x".repeat(129), "!~"];
  const groups = keys.map((key) => {
    const event = anEvent({ data: { key } });
    const { entry } = toQueueEntry(event, { ...fifo, record }, { replayId: "r1" });
    expect(entry).toEqual(toQueueEntry(event, { ...fifo, record }, { replayId: "r1" }).entry);
    const again = toQueueEntry(event, { ...fifo, record }, { replayId: "r2" }).entry;
    expect(again.MessageDeduplicationId).not.toBe(entry.MessageDeduplicationId);
    return entry.MessageGroupId ?? "";
  });
  expect(groups.every((group) => /^[\x21-\x7e]{1,128}$/.test(group))).toBe(true);
  expect(new Set(groups).size).toBe(keys.length);
  expect(groups[0]).toBe("a");
});

test("a message that SQS would refuse is refused with its size", () => {
  const record = aRecord({ name: "readers" });
  const event = anEvent({ data: { text: "x".repeat(1_048_576) } });
  expect(() => toQueueEntry(event, { ...fifo, fifo: false, record }, { redrivenFrom: "d" })).toThrow(
    expect.objectContaining({ code: "event_too_large" }),
  );
});

test("a message says why it was sent; a replayed delivery that is redriven says both", () => {
  const queue = { ...fifo, record: aRecord({ name: "readers" }) };
  const text = (StringValue: string) => ({ DataType: "String", StringValue });
  const attributesOf = (mark: Parameters<typeof toQueueEntry>[2]) =>
    toQueueEntry(anEvent(), queue, mark).entry.MessageAttributes;
  expect(attributesOf({ replayId: "r" })).toEqual({ "waggle-replay": text("r") });
  expect(attributesOf({ redrivenFrom: "d" })).toEqual({ "waggle-redriven": text("d") });
  expect(attributesOf({ replayId: "r", redrivenFrom: "d" })).toEqual({
    "waggle-replay": text("r"),
    "waggle-redriven": text("d"),
  });
});
