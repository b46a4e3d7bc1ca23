import { expect, test } from "vitest";
import { spent } from "../../../lib/history/event-facts.ts";
import { usageOf } from "../../../lib/history/usage.ts";
import type { Event } from "../../../lib/index.ts";

function event(type: string, data: unknown): Event {
  const metadata = { version: 1, correlationId: "f", priority: 5 };
  return { id: "e", type, source: "s", time: "2026-01-31T12:00:00.000Z", data, metadata };
}

const call = { model: "m", inputTokens: 1_200, outputTokens: 300, cachedTokens: 1_000, cost: 0.004 };

test("a call of a model counts once, when it has ended; cached tokens are a part of those that were read", () => {
  const started = event("llm.call.started", call);
  const completed = event("llm.call.completed", call);
  const failed = event("llm.call.failed", { model: "m", inputTokens: 10, error: "overloaded" });
  expect(usageOf(started)).toBeUndefined();
  expect(usageOf(completed)).toEqual({ inputTokens: 1_200, outputTokens: 300, cost: 0.004 });
  expect(spent([started, completed, failed])).toEqual({ tokens: 1_510, cost: 0.004 });
});

test.each([
  [
    { usage: { input_tokens: 1, output_tokens: 2 }, costUsd: 0.5 },
    { tokens: 3, cost: 0.5 },
  ],
  [{ usage: { totalTokens: 7, cost: 0.1 } }, { tokens: 7, cost: 0.1 }],
  [{ tokens: 9 }, { tokens: 9, cost: undefined }],
  [{ inputTokens: 0 }, { tokens: 0, cost: undefined }],
  [
    { inputTokens: -1, cost: Number.NaN },
    { tokens: undefined, cost: undefined },
  ],
])("%j says what it used", (data, expected) => {
  expect(spent([event("custom.used", data)])).toEqual(expected);
});
