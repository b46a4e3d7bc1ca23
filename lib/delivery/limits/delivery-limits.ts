import { isDeepStrictEqual } from "node:util";
import type { Delivery } from "../../engine/delivery.ts";
import type { Event } from "../../event/event.ts";
import { keyAt } from "../../subscription/index.ts";
import { longestBackoffMs } from "../../subscription/record.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { KeySlots } from "./key-slots.ts";
import { StartWindow } from "./start-window.ts";

type KeyOf = (event: Event) => string | undefined;

/** A delivery that runs, and for which of the slots. */
interface RunningSlot {
  readonly slots: KeySlots;
  readonly key: string;
  readonly beganAt: number;
}

/** Keys whose windows are kept before those that say nothing any more are searched for. */
const fewWindows = 1_000;

/** What a process lets begin of one subscription: its `throttle` and its `concurrencyPerKey`. */
export class DeliveryLimits {
  #throttle: SubscriptionRecord["throttle"];
  #throttleKey: KeyOf | undefined;
  readonly #windows = new Map<string, StartWindow>();
  #searchAt = fewWindows;
  #perKey: SubscriptionRecord["concurrencyPerKey"];
  #slots: { readonly keyOf: KeyOf; readonly slots: KeySlots } | undefined;
  readonly #running = new Map<Delivery, RunningSlot>();

  /** Takes over changed settings. Another throttle forgets what has begun before. */
  use({ concurrencyPerKey, throttle }: SubscriptionRecord): void {
    if (!isDeepStrictEqual(throttle, this.#throttle)) {
      this.#throttle = throttle;
      this.#throttleKey = throttle?.key === undefined ? undefined : keyAt(throttle.key);
      this.#windows.clear();
    }
    if (concurrencyPerKey === undefined) this.#slots = undefined;
    else if (concurrencyPerKey.key === this.#perKey?.key) this.#slots?.slots.change(concurrencyPerKey.limit);
    else this.#slots = { keyOf: keyAt(concurrencyPerKey.key), slots: new KeySlots(concurrencyPerKey.limit) };
    this.#perKey = concurrencyPerKey;
  }

  /** How many deliveries may begin now, whatever their keys are; endless where only keys decide. */
  free(now: number): number {
    const { key, limit } = this.#throttle ?? { limit: Number.POSITIVE_INFINITY };
    return key !== undefined || limit === Number.POSITIVE_INFINITY
      ? Number.POSITIVE_INFINITY
      : (this.#windows.get("")?.free(now) ?? limit);
  }

  /** When there may be a free one again, where there is none now. */
  nextFreeAt(now: number): number {
    return this.#windows.get("")?.nextFreeAt(now) ?? now;
  }

  /** How many keys are remembered: those that say nothing any more are forgotten now and then. */
  get keys(): number {
    return this.#windows.size + (this.#slots?.slots.keys ?? 0);
  }

  /** Milliseconds for which a delivery has to be given back; 0 where it begins now: then `ended` is to be called. */
  admit(delivery: Delivery, now: number): number {
    const { event } = delivery;
    const id = `${delivery.replayId ?? ""} ${event.id}`;
    const key = this.#slots?.keyOf(event);
    const { slots } = this.#slots ?? {};
    if (slots !== undefined && key !== undefined) {
      const waitMs = slots.waitMs(key, id, now);
      if (waitMs > 0) return Math.min(waitMs, longestBackoffMs);
    }
    const waitMs = this.#window(event, now)?.take(id, now) ?? 0;
    if (slots !== undefined && key !== undefined) {
      if (waitMs > 0) slots.postpone(key, id, now + waitMs);
      else {
        slots.begin(key, id, now);
        this.#running.set(delivery, { slots, key, beganAt: now });
      }
    }
    return Math.min(waitMs, longestBackoffMs);
  }

  /** A delivery that was admitted has ended, or was given back without a run. */
  ended(delivery: Delivery, now: number, ran: boolean): void {
    const running = this.#running.get(delivery);
    if (running === undefined) return;
    this.#running.delete(delivery);
    running.slots.end(running.key, running.beganAt, now, { ran });
  }

  /** What its throttle has let begin of an event's key; undefined where it is not throttled. */
  #window(event: Event, now: number): StartWindow | undefined {
    if (this.#throttle === undefined) return undefined;
    const key = this.#throttleKey === undefined ? "" : this.#throttleKey(event);
    if (key === undefined) return undefined;
    let window = this.#windows.get(key);
    if (window === undefined) {
      if (this.#windows.size >= this.#searchAt) this.#forgetIdle(now);
      window = new StartWindow(this.#throttle.limit, this.#throttle.per);
      this.#windows.set(key, window);
    }
    return window;
  }

  #forgetIdle(now: number): void {
    for (const [key, window] of this.#windows) if (window.idle(now)) this.#windows.delete(key);
    this.#searchAt = Math.max(fewWindows, this.#windows.size * 2);
  }
}

/** The limits of a bus, one for each subscription that has some: its subscribers share them. */
export class LimitRegistry {
  readonly #limits = new Map<string, { readonly limits: DeliveryLimits; users: number }>();

  /** The limits of a subscription, until `leave`. */
  join(subscription: string): DeliveryLimits {
    const shared = this.#limits.get(subscription) ?? { limits: new DeliveryLimits(), users: 0 };
    shared.users += 1;
    this.#limits.set(subscription, shared);
    return shared.limits;
  }

  leave(subscription: string): void {
    const shared = this.#limits.get(subscription);
    if (shared === undefined) return;
    shared.users -= 1;
    if (shared.users === 0) this.#limits.delete(subscription);
  }
}
