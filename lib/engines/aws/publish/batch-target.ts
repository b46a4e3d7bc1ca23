import type { BusError } from "../../../error/bus-error.ts";

/** Entries of a request: both EventBridge and SQS take ten. */
export const mostEntries = 10;

/** A service that takes entries in batches, and says for each whether it did. */
export interface BatchTarget<Item, Entry> {
  /** Bytes of the entries of one request. */
  readonly maxBytes: number;
  /** Requests under way at once, where nothing is throttled. */
  readonly maxRequests: number;
  /**
   * The entry of an item. Called when a batch is made: what waits costs no more than its item. Throws what makes the item
   * unfit to be sent.
   */
  entryOf(item: Item): Entry;
  /** As the service counts them. Throws where they make the item unfit to be sent. */
  bytesOf(entry: Entry, item: Item): number;
  /**
   * Sends one request. Gives an error at the index of each entry that failed, and nothing at all where none did; rejects
   * where the request failed as a whole.
   */
  send(entries: readonly Entry[]): Promise<readonly (BusError | undefined)[]>;
  /** An error that a request of several entries may owe to one of them. */
  mayBeOneEntry(error: BusError): boolean;
  /** Called once for each item: when it is sent, or given up. */
  ended(item: Item, givenUp?: GivenUp): void;
}

/** How long is tried. */
export interface RetryBudget {
  /** Times that an entry is sent. */
  readonly attempts: number;
  /** Milliseconds from the first time on, after which it is not sent again. */
  readonly forMs: number;
}

/** Why an item was given up: its errors, oldest first; none where it was unfit to be sent. */
export interface GivenUp {
  /** The last one. */
  readonly error: BusError;
  /** Milliseconds since 1970: when it was added. */
  readonly since: number;
  /** Times that it was sent; 0 where nothing got through while it waited. */
  readonly attempts: number;
  readonly failures: readonly Failed[];
}

/** One time that it was sent in vain. */
export interface Failed {
  readonly error: BusError;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly attempt: number;
}
