import type { AttemptNote } from "./note.ts";

/** How a delivery stands, as far as its notes say. */
export interface DeliveryState {
  readonly subscription: string;
  readonly event: string;
  readonly replay: string | undefined;
  /** Processes in which an attempt runs now. */
  readonly open: Set<string>;
  /** The highest one that has begun. */
  attempt: number;
  /** Whether that one counts, so that the next one has a higher number. */
  counts: boolean;
  /** The process in which an attempt succeeded last. */
  succeededIn: string | undefined;
  /** How it ended by the engine. */
  settled: "done" | "dropped" | "dead" | undefined;
  /** Whether a handler has said that no attempt will succeed. */
  final: boolean;
  /** Dead letters in the store. */
  dead: number;
}

/** The deliveries of a ledger, each made when it is first asked for. */
export class DeliveryStates {
  readonly #states = new Map<string, DeliveryState>();
  /** Those that run, by process. */
  readonly #openIn = new Map<string, Set<DeliveryState>>();

  of(note: Pick<AttemptNote, "event" | "replay" | "subscription">): DeliveryState {
    const key = keyOf(note);
    let state = this.#states.get(key);
    if (state === undefined) {
      const { event, replay, subscription } = note;
      state = {
        subscription,
        event,
        replay,
        open: new Set(),
        attempt: 0,
        counts: false,
        succeededIn: undefined,
        settled: undefined,
        final: false,
        dead: 0,
      };
      this.#states.set(key, state);
    }
    return state;
  }

  find(subscription: string, event: string): DeliveryState | undefined {
    return this.#states.get(keyOf({ subscription, event }));
  }

  values(): Iterable<DeliveryState> {
    return this.#states.values();
  }

  begin(state: DeliveryState, process: string): void {
    state.open.add(process);
    const open = this.#openIn.get(process);
    if (open === undefined) this.#openIn.set(process, new Set([state]));
    else open.add(state);
  }

  /** False where it did not run there. */
  end(state: DeliveryState, process: string): boolean {
    this.#openIn.get(process)?.delete(state);
    return state.open.delete(process);
  }

  /** What ran in a process has ended with it, and counts. */
  crash(process: string): void {
    for (const state of this.#openIn.get(process) ?? []) {
      state.open.delete(process);
      state.counts = true;
    }
    this.#openIn.delete(process);
  }
}

function keyOf({ event, replay, subscription }: Pick<AttemptNote, "event" | "replay" | "subscription">): string {
  return replay === undefined ? `${subscription} ${event}` : `${subscription} ${event} ${replay}`;
}

/** Names a delivery in a message. */
export function nameOf({
  event,
  replay,
  subscription,
}: Pick<DeliveryState, "event" | "subscription"> & { replay?: string | undefined }): string {
  return `${event} in ${subscription}${replay === undefined ? "" : ` (replay ${replay})`}`;
}

/** Names an attempt in a message. */
export function labelOf(note: AttemptNote): string {
  return `attempt ${note.attempt} of ${nameOf(note)}`;
}
