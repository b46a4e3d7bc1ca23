import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { briefEvent, mostData } from "../brief.ts";
import type { Settlement } from "../deliveries.ts";
import { type Tool, tool } from "../tool.ts";
import { longestWait, types, where } from "./fields.ts";

/** Deliveries that one call takes. */
const mostClaimed = 20;

/** Receipts that one call settles. */
const mostSettled = 100;

/** Seconds that a retry or an extension is at most: what every engine can keep. */
const longestDelay = 39_600;

/** Seconds that an agent has for a delivery of a subscription that it makes: a turn takes long. */
const ownAckTimeout = 300;

const subscription = z.string().min(1).max(48).describe("The name of a durable subscription.");

const claim = tool({
  name: "claim_deliveries",
  description:
    "Takes deliveries of a durable subscription to work on: nobody else has them until `ackBy`. Settle each with settle_deliveries: one that is " +
    "not settled by then has failed and comes again. With `types` the subscription is made where there is none; it collects while nobody " +
    "claims. Answers {deliveries: [{receipt, attempt, ackBy, event}]}, an empty list where none came.",
  role: "subscribe",
  write: "claim",
  input: z.strictObject({
    subscription,
    max: z.int().min(1).max(mostClaimed).default(1),
    waitSeconds: z.int().min(0).max(longestWait).default(0).describe("How long to wait for the first one."),
    types: types.exactOptional(),
    where,
    from: z
      .string()
      .min(1)
      .max(64)
      .exactOptional()
      .describe('Where a new subscription begins: "now" (default), "beginning", or a time.'),
    ackTimeoutSeconds: z
      .int()
      .min(1)
      .max(longestDelay)
      .exactOptional()
      .describe(`Of a new subscription: how long a delivery is yours; default ${ownAckTimeout}.`),
  }),
  run: async ({ deliveries, input, signal }) => {
    const { subscription: name, types: on, from, ackTimeoutSeconds = ownAckTimeout, max, waitSeconds } = input;
    if (on !== undefined) {
      await deliveries.ensure({
        name,
        on,
        ackTimeoutMs: ackTimeoutSeconds * 1_000,
        ...(input.where === undefined ? {} : { where: input.where }),
        ...(from === undefined ? {} : { from }),
      });
    } else if (input.where !== undefined || from !== undefined || input.ackTimeoutSeconds !== undefined) {
      throw new BusError(
        "invalid_config",
        "claim_deliveries: where, from and ackTimeoutSeconds are of a new subscription; give its types too",
      );
    }
    const claimed = await deliveries.claim(name, max, waitSeconds * 1_000, signal);
    const most = Math.floor(mostData / Math.max(1, claimed.length));
    return {
      deliveries: claimed.map(({ receipt, attempt, ackBy, event }) => ({
        receipt,
        attempt,
        ackBy: new Date(ackBy).toISOString(),
        event: briefEvent(event, most),
      })),
    };
  },
});

const receipt = z.string().min(1).max(200);
const receipts = z.array(receipt).max(mostSettled);
const error = z.string().max(8_192).exactOptional().describe("Why; it is kept with the failed attempt.");

const settle = tool({
  name: "settle_deliveries",
  description:
    "Says how deliveries that were claimed ended. ack: done. retry: failed, and attempted again after `delaySeconds`, or the backoff of the " +
    "subscription, while there are attempts left. reject: failed for good, a dead letter. extend: still at work, for `seconds` from now. " +
    "release: not begun, handed back. Answers {results: [{receipt, ok, error?}]}, in this order. The same again does nothing.",
  role: "subscribe",
  write: "claim",
  input: z.strictObject({
    subscription,
    ack: receipts.exactOptional(),
    retry: z
      .array(z.strictObject({ receipt, delaySeconds: z.int().min(0).max(longestDelay).exactOptional(), error }))
      .max(mostSettled)
      .exactOptional(),
    reject: z.array(z.strictObject({ receipt, error })).max(mostSettled).exactOptional(),
    extend: z
      .array(z.strictObject({ receipt, seconds: z.int().min(1).max(longestDelay) }))
      .max(mostSettled)
      .exactOptional(),
    release: receipts.exactOptional(),
  }),
  run: async ({ deliveries, input: { subscription: name, ...how } }) => {
    const { ack = [], retry = [], reject = [], extend = [], release = [] } = how;
    const items: { receipt: string; settlement: Settlement }[] = [
      ...ack.map((one) => ({ receipt: one, settlement: { kind: "ack" as const } })),
      ...retry.map(({ receipt: one, delaySeconds, error: why }) => ({
        receipt: one,
        settlement: {
          kind: "retry" as const,
          delayMs: delaySeconds === undefined ? undefined : delaySeconds * 1_000,
          error: why,
        },
      })),
      ...reject.map(({ receipt: one, error: why }) => ({
        receipt: one,
        settlement: { kind: "reject" as const, error: why },
      })),
      ...extend.map(({ receipt: one, seconds }) => ({
        receipt: one,
        settlement: { kind: "extend" as const, ms: seconds * 1_000 },
      })),
      ...release.map((one) => ({ receipt: one, settlement: { kind: "release" as const } })),
    ];
    if (items.length === 0 || items.length > mostSettled) {
      throw new BusError(
        "invalid_config",
        `settle_deliveries settles 1 to ${mostSettled} receipts in a call, not ${items.length}; give them in ack, retry, reject, extend or release`,
      );
    }
    const results = await deliveries.settle(name, items);
    return {
      results: results.map((result) =>
        result.ok
          ? result
          : { receipt: result.receipt, ok: false, error: { code: result.error.code, message: result.error.message } },
      ),
    };
  },
});

/** Tools that take deliveries and settle them. */
export const deliveryTools: readonly Tool[] = [claim, settle];
