import type { Event } from "../event/event.ts";

/** A delivery that an agent has taken. */
export interface ClaimedDelivery {
  /** What it is settled by. */
  readonly receipt: string;
  readonly attempt: number;
  /** Milliseconds since 1970 until which it is the agent's. */
  readonly ackBy: number;
  readonly event: Event;
}

/** How an agent settles a delivery. */
export type Settlement =
  | { readonly kind: "ack" }
  | { readonly kind: "retry"; readonly delayMs?: number | undefined; readonly error?: string | undefined }
  | { readonly kind: "reject"; readonly error?: string | undefined }
  | { readonly kind: "extend"; readonly ms: number }
  | { readonly kind: "release" };

/** What became of one receipt. */
export type Settled =
  | { readonly receipt: string; readonly ok: true; readonly ackBy?: string }
  | {
      readonly receipt: string;
      readonly ok: false;
      readonly error: { readonly code: string; readonly message: string };
    };

/** The subscription that an agent wants to take deliveries of, made where there is none. */
export interface WantedSubscription {
  readonly name: string;
  readonly on: readonly string[];
  readonly where?: Readonly<Record<string, unknown>>;
  /** Milliseconds that an agent has for a delivery. */
  readonly ackTimeoutMs?: number;
  /** Where it begins: "now", "beginning", or a time. */
  readonly from?: string;
  readonly attempts?: number;
  /** Milliseconds. */
  readonly backoff?: { readonly from: number; readonly to: number };
  readonly concurrency?: number;
}

/** The deliveries that agents take from durable subscriptions, and settle: for a time each, as with any consumer that pulls. */
export interface Deliveries {
  /**
   * Makes a subscription where there is none by its name; one that is there stays as it is. Rejects with `conflict` where that selects other
   * types, and with what `subscribe` rejects with.
   */
  ensure(wanted: WantedSubscription): Promise<void>;
  /** Takes up to `max`, as soon as there is one; none after `waitMs`. Rejects with `not_found` where there is no such subscription. */
  claim(subscription: string, max: number, waitMs: number, signal: AbortSignal): Promise<readonly ClaimedDelivery[]>;
  /** Settles each receipt. One result for each, in order; one that fails harms no other. */
  settle(
    subscription: string,
    items: readonly { readonly receipt: string; readonly settlement: Settlement }[],
  ): Promise<readonly Settled[]>;
}
