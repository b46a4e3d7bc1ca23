import type { SubscriptionRecord } from "../subscription/subscription.ts";

/** A subscription and how it stands. */
export interface SubscriptionState {
  /** Its settings. */
  readonly record: SubscriptionRecord;
  /** Whether it ends with the process that made it. */
  readonly ephemeral: boolean;
  /** Deliveries that wait for a subscriber or for their turn. */
  readonly waiting: number;
  /** Deliveries that wait for a time: their next attempt, or `deliverAt`. */
  readonly delayed: number;
  /** In handlers; where only a queue is asked (aws), also what waits there for its next attempt. */
  readonly running: number;
  /** Milliseconds since the oldest waiting, delayed or running delivery was accepted; 0 if there is none, or if the engine does not know it (aws). */
  readonly oldestAgeMs: number;
  /** Its dead letters. */
  readonly deadLetters: number;
  /** `false` where the engine knows that no process handles it now; absent otherwise. */
  readonly handled?: false;
  /** Whether it is paused for all processes; absent where it is not. */
  readonly paused?: true;
  /** Whether it is still being given what history holds, so that more will wait; absent where it is not. */
  readonly backfilling?: true;
}

/** What became of a subscription that was put. */
export interface PutResult {
  /** Whether it is new. */
  readonly created: boolean;
  /** Names of the settings that differed from the stored ones. */
  readonly changed: readonly string[];
}

/** The subscriptions of a bus. Methods reject with BusError only. */
export interface SubscriptionStore {
  /**
   * Creates a subscription, or changes the settings of the one that has its name. A new one starts at `record.from`: it gets
   * what was accepted since, without a gap or a double. An ephemeral one ends with the process, however that ends.
   */
  put(record: SubscriptionRecord, options: { readonly ephemeral: boolean }): Promise<PutResult>;
  /** All of them, ephemeral ones included. */
  list(): Promise<SubscriptionState[]>;
  /** As of now; `undefined` where there is none. */
  get(name: string): Promise<SubscriptionState | undefined>;
  /**
   * Pauses it for all processes, or has it go on; kept as long as the subscription, and `put` leaves it as it is. While it is paused,
   * it collects deliveries and hands none over: none is claimed once this has resolved, by a process that has learned of it, which
   * takes others no longer than any changed setting. What was claimed goes on. True where that changed something, `undefined` where
   * there is no such subscription. Present where the engine has the capability `pause`.
   */
  setPaused?(name: string, paused: boolean): Promise<boolean | undefined>;
  /** Deletes it with its undelivered deliveries; its dead letters stay. False where there is none. */
  delete(name: string): Promise<boolean>;
}
