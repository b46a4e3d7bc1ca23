import type { Outcome } from "../../../engine/delivery.ts";
import type { BusError } from "../../../error/bus-error.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import { toBusErrorOfAws } from "../aws-error.ts";
import type { ClaimedDelivery, DeliveryTable, MessageAction, QueueMessage, SkippedMessage } from "../dependencies.ts";

/** What a message is processed with. */
export interface MessageProcessing {
  readonly deliveries: Pick<DeliveryTable, "claim" | "settle">;
  /** The subscription's settings, from the claim to the end. */
  readonly record: SubscriptionRecord;
  readonly leaseMs: number;
  /** Runs a claimed delivery once, and resolves with how that ended. Must not reject. */
  run(delivery: ClaimedDelivery): Promise<RunEnd>;
}

/** How a run ended. */
export interface RunEnd {
  readonly outcome: Outcome;
  /** When its handler began, in milliseconds since 1970; absent where it did not run. */
  readonly startedAt?: number | undefined;
}

/** What became of a message, and where its table answered, what is to be done with it in its queue. */
export type ProcessedMessage =
  | { readonly kind: "settled"; readonly action: MessageAction }
  | ({ readonly kind: "skipped" } & SkippedMessage)
  /** Its delivery could not be claimed: it did not run here, and has to come again. */
  | { readonly kind: "unclaimed"; readonly error: BusError }
  /** It ran, but that could not be recorded: it has to come again once its lease has ended, and then counts as an attempt. */
  | { readonly kind: "unsettled"; readonly error: BusError };

/**
 * Processes one message of a subscription's queue, for a process that polls and for a function alike: claims its delivery in
 * the deliveries table, runs it, records in the table how that ended, and says what is to be done with the message. In this
 * order, so that a crash between any two steps leaves the message, and the table tells whoever receives it next how far it
 * had come. Never rejects.
 */
export async function processMessage(
  message: QueueMessage,
  { deliveries, record, leaseMs, run }: MessageProcessing,
): Promise<ProcessedMessage> {
  const label = `subscription ${record.name}`;
  let delivery: ClaimedDelivery;
  try {
    const claimed = await deliveries.claim(message, record, { leaseMs });
    if ("action" in claimed) return { kind: "skipped", ...claimed };
    delivery = claimed.delivery;
  } catch (thrown) {
    return { kind: "unclaimed", error: toBusErrorOfAws(thrown, label) };
  }
  const { outcome, startedAt } = await run(delivery);
  try {
    return { kind: "settled", action: await deliveries.settle(delivery, record, outcome, startedAt) };
  } catch (thrown) {
    return { kind: "unsettled", error: toBusErrorOfAws(thrown, label) };
  }
}
