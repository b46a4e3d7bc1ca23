import { expect, test } from "vitest";
import type { Outcome } from "../../../../../lib/engine/delivery.ts";
import { processMessage } from "../../../../../lib/engines/aws/deliveries/process-message.ts";
import type { ClaimedDelivery, MessageClaim } from "../../../../../lib/engines/aws/dependencies.ts";
import { BusError } from "../../../../../lib/error/bus-error.ts";
import { aRecord } from "../../../../support/a-record.ts";
import { anEvent } from "../../../../support/an-event.ts";

const message = { body: "{}", sentMs: 0 };
const record = aRecord({ name: "readers" });
const delivery: ClaimedDelivery = {
  subscription: "readers",
  event: anEvent(),
  attempt: 1,
  acceptedAt: 0,
  failures: [],
  redriven: false,
  claim: "claim-1",
};
const failing = () => {
  throw new BusError("unavailable", "the table does not answer");
};

/** Processes one message; notes the steps in order. */
async function processed(claim: () => MessageClaim, settle: () => void = () => {}) {
  const steps: string[] = [];
  const outcome: Outcome = { kind: "retry", afterMs: 7, failure: { code: "timeout", message: "", at: "", attempt: 1 } };
  const result = await processMessage(message, {
    record,
    leaseMs: 5_000,
    deliveries: {
      claim: async (...given) => {
        steps.push("claim");
        expect(given).toEqual([message, record, { leaseMs: 5_000 }]);
        return claim();
      },
      settle: async (...given) => {
        steps.push("settle");
        expect(given).toEqual([delivery, record, outcome, 1_000]);
        settle();
        return { kind: "later", afterMs: 7 };
      },
    },
    run: async (claimed) => {
      steps.push("run");
      expect(claimed).toBe(delivery);
      return { outcome, startedAt: 1_000 };
    },
  });
  return { steps, result };
}

test("a message is claimed, run and settled, in this order; the table says what becomes of it", async () => {
  const { steps, result } = await processed(() => ({ delivery }));
  expect(steps).toEqual(["claim", "run", "settle"]);
  expect(result).toEqual({ kind: "settled", action: { kind: "later", afterMs: 7 } });
});

test("one that is not to run now is neither run nor settled", async () => {
  const { steps, result } = await processed(() => ({ action: { kind: "delete" }, why: "duplicate" }));
  expect(steps).toEqual(["claim"]);
  expect(result).toEqual({ kind: "skipped", action: { kind: "delete" }, why: "duplicate" });
});

test("where the table does not answer, it says whether the message ran", async () => {
  expect(await processed(failing)).toMatchObject({
    steps: ["claim"],
    result: { kind: "unclaimed", error: { code: "unavailable" } },
  });
  expect(await processed(() => ({ delivery }), failing)).toMatchObject({
    steps: ["claim", "run", "settle"],
    result: { kind: "unsettled", error: { code: "unavailable" } },
  });
});
