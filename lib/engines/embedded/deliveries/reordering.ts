import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integer, optionalInteger, readableEvent } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { type State, stateNamed, stateOf } from "./delivery-table.ts";

export interface ReorderingDependencies {
  readonly subscriptionCache: SubscriptionCache;
  now(): number;
  /** Called for each row that becomes due at a time. */
  delayedUntil(due: number): void;
}

/** What of a row says when it is handed over. */
interface Turn {
  readonly state: State;
  readonly due: number | undefined;
  readonly delay: number | undefined;
}

/** Puts what is queued in order by another key, or by none. */
export class Reordering {
  readonly #dependencies: ReorderingDependencies;
  readonly #rows: StatementSync;
  readonly #change: StatementSync;

  constructor(db: DatabaseSync, dependencies: ReorderingDependencies) {
    this.#dependencies = dependencies;
    this.#rows = db.prepare(
      `SELECT d.state, d.priority, d.seq, d.replay, d.attempts, d.due, d.delay, e.body
       FROM deliveries AS d JOIN events AS e ON e.seq = d.seq WHERE d.sub = ? ORDER BY d.seq, d.replay`,
    );
    this.#change = db.prepare(
      `UPDATE deliveries SET ordering = ?, state = ?, due = ?, delay = ?
       WHERE sub = ? AND state = ? AND priority = ? AND seq = ? AND replay = ?`,
    );
  }

  /** Within the transaction that changes `ordered`: all of a subscription at once, so that orders are never mixed. */
  reorder(sub: Subscription): void {
    const { delayedUntil, now, subscriptionCache } = this.#dependencies;
    const rows = this.#rows.all(sub.id).map((row) => {
      const event = readableEvent(row.body);
      return {
        ordering: event === undefined ? undefined : sub.keyOf?.(event),
        turn: {
          state: stateNamed(row.state),
          due: optionalInteger(row.due),
          delay: optionalInteger(row.delay),
        },
        begun: integer(row.attempts) > 0,
        key: [integer(row.priority), integer(row.seq), integer(row.replay)] as const,
      };
    });
    const occupied = new Set<string>();
    // What runs or waits for its next attempt stays before all others of its key.
    const stays = ({ begun, turn: { state } }: (typeof rows)[number]) =>
      state === "claimed" || (state === "delayed" && begun);
    for (const row of rows) if (row.ordering !== undefined && stays(row)) occupied.add(row.ordering);
    const depth = subscriptionCache.touch(sub);
    for (const row of rows) {
      const { key, ordering, turn } = row;
      const blocked = ordering !== undefined && occupied.has(ordering);
      const next = stays(row) ? turn : blocked ? behind(turn) : ahead(turn, now());
      if (ordering !== undefined) occupied.add(ordering);
      const { state, due, delay } = next;
      this.#change.run(
        ordering ?? null,
        stateOf[state],
        due ?? null,
        delay ?? null,
        sub.id,
        stateOf[turn.state],
        ...key,
      );
      depth[turn.state] -= 1;
      depth[state] += 1;
      if (due !== undefined && state !== turn.state) delayedUntil(due);
    }
  }
}

/** Of a row that has to wait for another of its key: it keeps the time before which it must not be handed over. */
function behind({ state, due, delay }: Turn): Turn {
  return { state: "blocked", due: undefined, delay: state === "delayed" ? due : delay };
}

/** Of a row that is the first of its key, or has none. */
function ahead(turn: Turn, now: number): Turn {
  if (turn.state !== "blocked") return turn;
  const { delay: heldUntil } = turn;
  return heldUntil === undefined || heldUntil <= now
    ? { state: "ready", due: undefined, delay: undefined }
    : { state: "delayed", due: heldUntil, delay: heldUntil - now };
}
