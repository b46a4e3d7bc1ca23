import type { Delivery } from "../../engine/delivery.ts";
import type { Event } from "../../event/event.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { createReceipt } from "./receipt.ts";
import { SettledReceipts } from "./settled-receipts.ts";

/** A delivery that a client works on. */
export interface HeldDelivery {
  readonly receipt: string;
  readonly delivery: Delivery;
  /** The event in the newest version of its type. */
  readonly event: Event;
  /** The settings that it was handed out with. */
  readonly record: SubscriptionRecord;
  /** Milliseconds since 1970 at which it was handed to the client. */
  readonly startedAt: number;
  /** Milliseconds since 1970 until which the client has to settle it. */
  readonly ackBy: number;
}

interface Holding extends HeldDelivery {
  ackBy: number;
  timer: Timer;
}

/** Receipts that were settled are remembered, since a client whose answer was lost settles them again. */
const remembered = 10_000;

/** The deliveries that the clients of a server have, by receipt, each for a time. */
export class HeldDeliveries {
  readonly #clock: Clock;
  readonly #server: string;
  readonly #lost: (held: HeldDelivery) => void;
  readonly #held = new Map<string, Holding>();
  readonly #settled = new SettledReceipts(remembered);

  /** `lost` is called for one that was not settled in time; it is not held any more then. */
  constructor(clock: Clock, server: string, lost: (held: HeldDelivery) => void) {
    this.#clock = clock;
    this.#server = server;
    this.#lost = lost;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Holds a delivery for the timeout of its subscription. */
  add(delivery: Delivery, event: Event, record: SubscriptionRecord): HeldDelivery {
    const receipt = createReceipt(this.#server);
    const holding: Holding = {
      receipt,
      delivery,
      event,
      record,
      startedAt: this.#clock.now(),
      ackBy: 0,
      timer: undefined,
    };
    this.#held.set(receipt, holding);
    this.#expect(holding, record.timeout);
    return holding;
  }

  get(receipt: string): HeldDelivery | undefined {
    return this.#held.get(receipt);
  }

  /** Holds one for so long from now. Returns the time; `undefined` where it is not held. */
  extend(receipt: string, ms: number): number | undefined {
    const holding = this.#held.get(receipt);
    if (holding === undefined) return undefined;
    this.#clock.clearTimer(holding.timer);
    this.#expect(holding, ms);
    return holding.ackBy;
  }

  /** Lets go of one. */
  remove(receipt: string): void {
    const holding = this.#held.get(receipt);
    if (holding === undefined) return;
    this.#clock.clearTimer(holding.timer);
    this.#held.delete(receipt);
  }

  /** How one was settled that was let go of: what `settledAs` says from now on. */
  remember(receipt: string, how: string): void {
    this.#settled.add(receipt, how);
  }

  /** How a receipt was settled not long ago. */
  settledAs(receipt: string): string | undefined {
    return this.#settled.get(receipt);
  }

  /** All that is held. */
  all(): HeldDelivery[] {
    return [...this.#held.values()];
  }

  #expect(holding: Holding, ms: number): void {
    holding.ackBy = this.#clock.now() + ms;
    holding.timer = this.#clock.setTimer(() => {
      this.#held.delete(holding.receipt);
      this.#lost(holding);
    }, ms);
  }
}
