import { expect, test } from "vitest";
import type { DeadLetter } from "../../../lib/engine/delivery.ts";
import { recentFlows } from "../../../lib/history/recent-flows.ts";
import { anEvent } from "../../support/an-event.ts";

test("a flow whose last delivery dies while it is looked at has failed, and is never completed", async () => {
  const event = anEvent({ id: "first" });
  const at = "2026-01-01T00:00:01.000Z";
  const reason = { code: "handler_error", message: "no", at, attempt: 1 } as const;
  const dead: DeadLetter = {
    ...{ id: "dead", subscription: "one", event, reason, attempts: 1, failures: [reason] },
    ...{ acceptedAt: at, deadAt: at },
  };
  let died = false;
  const page = await recentFlows(
    {
      history: { query: async () => ({ events: [event] }) },
      deliveries: {
        pending: async () => {
          await Promise.resolve();
          died = true;
          return [];
        },
      },
      deadLetters: { list: async () => ({ deadLetters: died ? [dead] : [] }) },
    },
    {},
    { limit: 10 },
  );
  expect(page.flows).toMatchObject([{ id: event.metadata.correlationId, status: "failed", deadLetters: 1 }]);
});
