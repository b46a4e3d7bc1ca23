import type { Event } from "../../event/event.ts";
import { orderedKey } from "../../subscription/ordered-key.ts";
import { labelOf } from "./delivery-state.ts";
import type { Find } from "./finding.ts";
import type { AttemptNote, NotedSubscription } from "./note.ts";

/** When an event was accepted, as far as it is known: between two ranks, which are the same where it is known exactly. */
export interface Acceptance {
  readonly from: number;
  readonly until: number;
}

/** What runs, by one name. */
class Running {
  readonly #runs = new Map<string, Map<string, string>>();

  /** The processes in which something of this name runs, by what runs. */
  of(name: string): ReadonlyMap<string, string> {
    return this.#runs.get(name) ?? new Map();
  }

  begin(name: string, run: string, process: string): void {
    const runs = this.#runs.get(name);
    if (runs === undefined) this.#runs.set(name, new Map([[run, process]]));
    else runs.set(run, process);
  }

  end(name: string, run: string): void {
    const runs = this.#runs.get(name);
    runs?.delete(run);
    if (runs?.size === 0) this.#runs.delete(name);
  }

  crash(process: string): void {
    for (const [name, runs] of this.#runs) {
      for (const [run, of] of runs) if (of === process) this.end(name, run);
    }
  }
}

/** Holds attempts to what must not run at once, and to the order of each key. */
export class RunningAttempts {
  readonly #find: Find;
  readonly #concurrency: "all" | "process";
  readonly #keyOf = new Map<string, (event: Event) => string>();
  readonly #ofKey = new Running();
  readonly #ofSubscription = new Running();
  /** The event of each key that was accepted last among those that have begun. */
  readonly #latest = new Map<string, { readonly rank: number; readonly event: string }>();

  constructor(find: Find, concurrency: "all" | "process") {
    this.#find = find;
    this.#concurrency = concurrency;
  }

  subscribe({ name, ordered }: NotedSubscription): void {
    if (ordered !== undefined) this.#keyOf.set(name, orderedKey(ordered));
  }

  /** `accepted` is absent where the order of acceptance says nothing. */
  begin(
    note: AttemptNote & { process: string },
    event: Event,
    subscription: NotedSubscription | undefined,
    accepted: Acceptance | undefined,
  ): void {
    const { process } = note;
    const about = { event: note.event, subscription: note.subscription };
    const key = this.#key(note, event);
    if (key !== undefined) {
      for (const other of this.#ofKey.of(key).values()) {
        this.#find("overlap", `${labelOf(note)} began in ${process} while its key ran in ${other}`, about);
      }
      this.#ofKey.begin(key, runOf(note), process);
      if (accepted !== undefined) this.#checkOrder(note, key, accepted);
    }
    const scope = this.#scope(note);
    this.#ofSubscription.begin(scope, runOf(note), process);
    const { size } = this.#ofSubscription.of(scope);
    if (subscription?.concurrency !== undefined && size > subscription.concurrency) {
      const { concurrency } = subscription;
      this.#find("concurrency", `${scope}: ${size} attempts run at once, and ${concurrency} may`, about);
    }
  }

  end(note: AttemptNote & { process: string }, event: Event): void {
    const key = this.#key(note, event);
    if (key !== undefined) this.#ofKey.end(key, runOf(note));
    this.#ofSubscription.end(this.#scope(note), runOf(note));
  }

  crash(process: string): void {
    this.#ofKey.crash(process);
    this.#ofSubscription.crash(process);
  }

  #checkOrder(note: AttemptNote, key: string, { from, until }: Acceptance): void {
    const { event, subscription } = note;
    const latest = this.#latest.get(key);
    if (latest !== undefined && latest.rank > until) {
      const message = `${labelOf(note)} began after ${latest.event}, which was accepted later and has its key`;
      this.#find("order", message, { event, subscription });
    }
    if (latest === undefined || from > latest.rank) this.#latest.set(key, { rank: from, event });
  }

  #key({ subscription }: AttemptNote, event: Event): string | undefined {
    const keyOf = this.#keyOf.get(subscription);
    return keyOf === undefined ? undefined : `${subscription} ${keyOf(event)}`;
  }

  #scope({ process, subscription }: AttemptNote & { process: string }): string {
    return this.#concurrency === "process" ? `${subscription} in ${process}` : subscription;
  }
}

function runOf({ event, process, replay }: AttemptNote & { process: string }): string {
  return `${process} ${event} ${replay ?? ""}`;
}
