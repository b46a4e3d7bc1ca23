import { expect, test } from "vitest";
import {
  messageText,
  parseUnpublished,
  toUnpublishedMessage,
  toUnpublishedPointer,
} from "../../../lib/aws-shared/index.ts";
import type { DeadLetter } from "../../../lib/engine/delivery.ts";
import { anEvent } from "../../support/an-event.ts";

const failure = { code: "throttled", message: "slow down", at: "2026-01-01T00:00:01.000Z", attempt: 1 } as const;
const deadLetter: DeadLetter = {
  id: "dead-letter-1",
  event: anEvent({ data: { text: "\u0000\ufffe\uffff\ud83d\ude00" }, metadata: { agentId: "a-1", tags: ["x"] } }),
  reason: { ...failure, stack: "at …" },
  attempts: 1,
  failures: [failure],
  acceptedAt: "2026-01-01T00:00:00.000Z",
  deadAt: "2026-01-01T00:00:02.000Z",
};

test("a dead letter comes back from its message as it was", () => {
  expect(parseUnpublished(toUnpublishedMessage(deadLetter))).toEqual({ deadLetter });
});

test("a pointer names where the message lies", () => {
  expect(parseUnpublished(toUnpublishedPointer("unpublished/dead-letter-1"))).toEqual({
    bodyKey: "unpublished/dead-letter-1",
  });
});

test.each([
  ["no JSON", "{"],
  ["an event of EventBridge", JSON.stringify({ id: "e", "detail-type": "t", source: "s", time: "", detail: {} })],
  ["another version", JSON.stringify({ schema: 2, bodyKey: "unpublished/a" })],
  ["a pointer to what is not a publisher's", toUnpublishedPointer("bodies/2026/a")],
  ["a dead letter without its event", JSON.stringify({ schema: 1, deadLetterId: "a" })],
])("%s is refused", (_, text) => {
  expect(() => parseUnpublished(text)).toThrow(expect.objectContaining({ code: "invalid_event" }));
});

test("a message holds no character that SQS refuses", () => {
  const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join("");
  const text = messageText({ all });
  // As the SQS API reference names them, less #x9, #xA and #xD: JSON escapes those.
  expect(text).toMatch(/^[\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u);
  expect(JSON.parse(text)).toEqual({ all });
});
