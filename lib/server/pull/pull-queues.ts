import { NonRetriableError, RetryAfterError } from "../../delivery/handler-errors.ts";
import { LimitRegistry } from "../../delivery/limits/delivery-limits.ts";
import { noSubscription } from "../../engine/errors.ts";
import { BusError, toBusError } from "../../error/bus-error.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { ServedBus } from "../served-bus.ts";
import { HeldDeliveries, type HeldDelivery } from "./held-deliveries.ts";
import { PullConsumer } from "./pull-consumer.ts";

/** How a client settles a delivery. */
export type Settlement =
  | { readonly kind: "ack" }
  | { readonly kind: "retry"; readonly delayMs?: number | undefined; readonly error?: string | undefined }
  | { readonly kind: "reject"; readonly error?: string | undefined }
  | { readonly kind: "extend"; readonly ms: number }
  | { readonly kind: "release" };

/** The deliveries that clients pull from a server, and settle. */
export class PullQueues {
  readonly #served: ServedBus;
  readonly #consumers = new Map<string, PullConsumer>();
  readonly #limits = new LimitRegistry();
  readonly #held: HeldDeliveries;
  /** Outcomes that are not kept yet, by receipt. */
  readonly #settling = new Map<string, { readonly kind: Settlement["kind"]; readonly kept: Promise<void> }>();

  constructor(served: ServedBus, serverId: string) {
    this.#served = served;
    this.#held = new HeldDeliveries(served.clock, serverId, (held) => {
      this.#quietly(this.#consumerOf(held.delivery.subscription).failed(held, notAcknowledged(held)));
    });
  }

  /** See {@link PullConsumer.pull}. Rejects with `not_found` where there is no such subscription. */
  async pull(name: string, max: number, waitMs: number, signal: AbortSignal): Promise<HeldDelivery[]> {
    const consumer = await this.#existing(name);
    const held = await consumer.pull(max, waitMs, signal);
    if (held.length === 0 && !signal.aborted && consumer.settings === undefined) throw noSubscription(name);
    return held;
  }

  /** A subscription is deleted: who waits for its deliveries is told so at once. */
  deleted(name: string): void {
    this.#consumers.get(name)?.deleted();
  }

  /** The settings of a subscription. Rejects with `not_found` where there is none. */
  async settingsOf(name: string): Promise<SubscriptionRecord> {
    const state = await this.#served.bus.subscriptions.get(name);
    if (state === undefined) throw noSubscription(name);
    return state.record;
  }

  /**
   * Settles one delivery; resolves once that is kept. Settled in the same way again, it does nothing. Rejects with `not_found` for a receipt
   * that is not held, with `conflict` where it was settled in another way, with the error of the engine where the outcome could not be
   * kept: then the delivery comes again. Resolves with the time until which it is held, where that was extended.
   */
  async settle(subscription: string, receipt: string, settlement: Settlement): Promise<number | undefined> {
    const settling = this.#settling.get(receipt);
    if (settling !== undefined) {
      if (settling.kind !== settlement.kind) throw settledAlready(settling.kind);
      await settling.kept;
      return undefined;
    }
    const held = this.#held.get(receipt);
    if (held === undefined || held.delivery.subscription !== subscription) {
      const before = this.#held.settledAs(receipt);
      if (before === settlement.kind) return undefined;
      throw before === undefined || before === "release" ? notHeld() : settledAlready(before);
    }
    if (settlement.kind === "extend") return this.#held.extend(receipt, settlement.ms);
    const { kind } = settlement;
    this.#held.remove(receipt);
    const kept = this.#end(held, settlement);
    this.#settling.set(receipt, { kind, kept });
    try {
      await kept;
      this.#held.remember(receipt, kind);
    } finally {
      this.#settling.delete(receipt);
    }
    return undefined;
  }

  #end(held: HeldDelivery, settlement: Exclude<Settlement, { kind: "extend" }>): Promise<void> {
    const consumer = this.#consumerOf(held.delivery.subscription);
    switch (settlement.kind) {
      case "ack":
        return consumer.succeeded(held);
      case "release":
        return consumer.giveBack(held);
      default:
        return consumer.failed(held, errorOf(settlement));
    }
  }

  /** For what nobody waits for. */
  #quietly(settled: Promise<void>): void {
    settled.catch((thrown: unknown) => this.#served.onError(toBusError(thrown)));
  }

  /** Answers who waits; what clients have in hand returns, its attempt not counted. */
  close(): void {
    for (const held of this.#held.all()) this.#quietly(this.#consumerOf(held.delivery.subscription).giveBack(held));
    for (const consumer of this.#consumers.values()) consumer.stop();
    this.#consumers.clear();
  }

  async #existing(name: string): Promise<PullConsumer> {
    const known = this.#consumers.get(name);
    if (known?.settings !== undefined) return known;
    if (known !== undefined) {
      // It was deleted; one that was made since by the same name has another queue.
      known.stop();
      this.#consumers.delete(name);
    }
    await this.settingsOf(name);
    return this.#consumerOf(name);
  }

  #consumerOf(name: string): PullConsumer {
    const known = this.#consumers.get(name);
    if (known !== undefined) return known;
    const consumer: PullConsumer = new PullConsumer(name, this.#served, this.#held, this.#limits, () => {
      if (this.#consumers.get(name) === consumer) this.#consumers.delete(name);
    });
    this.#consumers.set(name, consumer);
    return consumer;
  }
}

/** The failure of a client as the error of a handler. The stack would be the server's. */
function errorOf({ kind, error, ...settlement }: Exclude<Settlement, { kind: "ack" | "extend" | "release" }>): Error {
  const message = error ?? (kind === "reject" ? "the consumer rejected it" : "the consumer asked for another attempt");
  const delayMs = "delayMs" in settlement ? settlement.delayMs : undefined;
  const made =
    kind === "reject"
      ? new NonRetriableError(message)
      : delayMs === undefined
        ? new Error(message)
        : new RetryAfterError(message, delayMs);
  return withoutStack(made);
}

function notAcknowledged({ delivery: { subscription }, record }: HeldDelivery): Error {
  return withoutStack(
    new BusError(
      "timeout",
      `subscription ${subscription}: the consumer did not acknowledge it in time (ackTimeout ${record.timeout} ms)`,
    ),
  );
}

function withoutStack<Thrown extends Error>(error: Thrown): Thrown {
  delete error.stack;
  return error;
}

function settledAlready(how: string): BusError {
  return new BusError("conflict", `the delivery was settled already: ${how}`);
}

function notHeld(): BusError {
  return new BusError(
    "not_found",
    "no delivery is held by this receipt: its time was over, or its server ended; it comes again",
  );
}
