import type { Event } from "../event/event.ts";
import type { DeadLetter } from "./delivery.ts";

/** Whose or which events are erased; exactly one is given. */
export type ErasureSelection =
  | {
      /** Events with this `metadata.userId`. */
      readonly userId: string;
      readonly correlationId?: never;
      readonly ids?: never;
    }
  | {
      /** Events of this flow. */
      readonly correlationId: string;
      readonly userId?: never;
      readonly ids?: never;
    }
  | {
      /** Events with these ids. */
      readonly ids: readonly string[];
      readonly userId?: never;
      readonly correlationId?: never;
    };

/** How a selection is erased. */
export interface ErasureRequest {
  /** RFC 3339: when; the tombstones carry it. */
  readonly at: string;
  /** Only counts, and changes nothing. */
  readonly dryRun: boolean;
}

/** What was erased. What was erased before does not count again. */
export interface ErasureCounts {
  /** Events, in history or waiting outside of it. */
  readonly events: number;
  /** Dead letters, each of which has its own copy of an event. */
  readonly deadLetters: number;
  /** SHA-256, in hex, over the id and the content of each of them as it was, in the order in which they were erased. */
  readonly digestBefore: string;
  /** The same over what was read back afterwards; absent where `dryRun`. */
  readonly digestAfter?: string;
}

/**
 * Erases the data of events for good: a tombstone takes the place of each, with its id, type, times and metadata, so that flows,
 * causes and counts stay. Present where the engine has the capability `erase`. Rejects with BusError only. Where it fails half
 * way, what was erased stays so, and the same call again goes on.
 */
export interface EngineErasure {
  /** Resolves once the tombstones are kept for good. */
  erase(selection: ErasureSelection, request: ErasureRequest): Promise<ErasureCounts>;
}

/** What a store does to erase: see {@link StoredErasure}. */
export interface ErasureStore {
  /** Puts what `change` makes of each event with one of the ids in its place, in history and outside of it. All or nothing. */
  replaceEvents(ids: readonly string[], change: (event: Event) => Event): Promise<void>;
  /** The same for dead letters, by their own ids. */
  replaceDeadLetters(ids: readonly string[], change: (deadLetter: DeadLetter) => DeadLetter): Promise<void>;
  /** Called once after the last change of an erasure: nothing of what was there is to be found any more. */
  erased?(): Promise<void>;
}
