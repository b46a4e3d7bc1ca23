/** An event as it lies in an outbox. */
export interface OutboxRecord {
  /** The id of the event. */
  readonly id: string;
  /** Entries of one key are relayed one after the other. */
  readonly key: string;
  /** Whether history is to keep it. */
  readonly history: boolean;
  /** The JSON of the event. */
  readonly event: string;
}

/** A record that waits to be relayed. */
export interface WaitingRecord extends OutboxRecord {
  /** Its place in the order in which records were added, as the store writes it: 1 to 128 letters, digits, `.`, `_`, `#` and `-`. */
  readonly seq: string;
  /** How often it was tried, without success. */
  readonly attempts: number;
}

/** What became of a record that was tried. */
export type RelayOutcome =
  | {
      /** The place of the record. */
      readonly seq: string;
      /** The bus has it: the record is deleted. */
      readonly state: "published";
    }
  | {
      /** The place of the record. */
      readonly seq: string;
      /** `waiting`: it is tried again after `delay` milliseconds, and its key waits for it; `failed`: it is set aside. */
      readonly state: "waiting" | "failed";
      /** Milliseconds. */
      readonly delay: number;
      /** The code of the error. */
      readonly code: string;
      /** The message of the error. */
      readonly message: string;
    };

/** A record as it is shown. */
export interface StoredRecord extends WaitingRecord {
  /** `failed`: it is not tried again by itself. */
  readonly state: "waiting" | "failed";
  /** Milliseconds since 1970 at which it was added. */
  readonly added: number;
  /** When it is tried again, in milliseconds since 1970; absent: as soon as a relay runs. */
  readonly due?: number;
  /** Why it failed last; absent where it was not tried, or not without success. */
  readonly error?: {
    /** The code of the error. */
    readonly code: string;
    /** The message of the error. */
    readonly message: string;
    /** When, in milliseconds since 1970. */
    readonly at: number;
  };
}

/** How many records there are. */
export interface OutboxCounts {
  /** Those that are to be relayed. */
  readonly waiting: number;
  /** Those that were set aside. */
  readonly failed: number;
  /** When the oldest of the waiting ones was added, in milliseconds since 1970; absent where there is none. */
  readonly oldest?: number;
}

/** Which records are listed. */
export interface RecordSelection {
  /** Only those in this state. */
  readonly state?: "waiting" | "failed";
  /** Only those with a greater `seq`; absent: from the first. */
  readonly after?: string;
  /** At most so many. */
  readonly limit: number;
}

/**
 * Where an outbox lies. `Tx` is a transaction of the caller; `Result` is a promise unless the store adds in the call itself.
 * Every method but `add` runs outside of the caller's transactions. An error of the store is thrown as it comes; the outbox
 * makes a {@link BusError} of it.
 */
export interface OutboxStore<Tx, Result extends void | Promise<void>> {
  /** How it is called in messages. */
  readonly name: string;
  /** Makes what it needs, where that is not there yet. */
  create(): Promise<void>;
  /** Adds a record in the transaction of the caller. */
  add(tx: Tx, record: OutboxRecord): Result;
  /**
   * Makes `owner` the relay for so many milliseconds; false where another one is. It saves work and no more: two relays at once
   * publish the same ids.
   */
  lease(owner: string, ms: number): Promise<boolean>;
  /** Ends the lease of `owner`, where it has it. */
  release(owner: string): Promise<void>;
  /** The first records that may be tried now, by `seq`: none whose key waits for an earlier one. */
  read(limit: number): Promise<WaitingRecord[]>;
  /** Notes what became of records; one that is gone, or was set aside meanwhile, stays so. */
  settle(outcomes: readonly RelayOutcome[]): Promise<void>;
  /** Records by `seq`. */
  list(selection: RecordSelection): Promise<StoredRecord[]>;
  /** Has records tried at once, those that were set aside too: of these events, or all. Gives the ids. */
  retry(ids: readonly string[] | undefined): Promise<string[]>;
  /** Deletes records of these events that were set aside. Gives the ids. */
  discard(ids: readonly string[]): Promise<string[]>;
  /** How many there are. */
  counts(): Promise<OutboxCounts>;
}
