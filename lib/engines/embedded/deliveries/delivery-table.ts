import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integer } from "../storage/rows.ts";
import type { Depth, Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { RowKey } from "./claimed-delivery.ts";

/** States of a delivery row, as they are stored: a claim reads the first, in the order of the key. */
export const stateOf = { ready: 0, claimed: 1, delayed: 2, blocked: 3 } as const;
export type State = keyof typeof stateOf;
export const states = ["ready", "claimed", "delayed", "blocked"] as const satisfies readonly State[];
/** Every priority that an event can have. */
export const priorities = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;

/** The state that a row is stored with. */
export function stateNamed(value: unknown): State {
  return states.find((name) => stateOf[name] === value) ?? "ready";
}

/** Until when a row is not handed over, and after how many milliseconds that is. */
export interface Hold {
  readonly due: number;
  readonly delay: number;
}

/** What a new row holds besides its key. */
export interface NewRow {
  /** Whether another delivery of its ordering key is before it. */
  readonly blocked: boolean;
  readonly ordering?: string | undefined;
  /** Absent where it may be handed over at once. */
  readonly held?: Hold | undefined;
  /** When a replay or redrive was queued. */
  readonly queued?: number | undefined;
  readonly redriven?: boolean;
}

/** How a row that the process holds is put back until a time. */
export interface Delayed extends Hold {
  /** Attempts that count. */
  readonly attempts: number;
  readonly failures: string | null;
}

/**
 * The rows of the deliveries and their depths. Every change of a row's state goes through here, within a transaction; where
 * `ordered` changes, through {@link Reordering}.
 */
export class DeliveryTable {
  readonly #subscriptionCache: SubscriptionCache;
  readonly #delayedUntil: (due: number) => void;
  readonly #insertClaimed: StatementSync;
  readonly #insert: StatementSync;
  readonly #insertHeld: StatementSync;
  readonly #deleteClaimed: StatementSync;
  readonly #claim: StatementSync;
  readonly #release: StatementSync;
  readonly #delay: StatementSync;
  readonly #makeReady: StatementSync;
  readonly #unblock: StatementSync;
  readonly #unblockHeld: StatementSync;
  readonly #due: StatementSync;
  readonly #nextDue: StatementSync;
  readonly #adjustForClockSkew: StatementSync;
  readonly #exists: StatementSync;
  readonly #head: StatementSync;

  /** `delayedUntil` is called for each row that becomes due at a time. */
  constructor(db: DatabaseSync, subscriptionCache: SubscriptionCache, delayedUntil: (due: number) => void) {
    this.#subscriptionCache = subscriptionCache;
    this.#delayedUntil = delayedUntil;
    const key = "sub = ? AND state = ? AND priority = ? AND seq = ? AND replay = ?";
    this.#insertClaimed = db.prepare(
      "INSERT INTO deliveries (sub, state, priority, seq, replay, process_id, attempts, ordering) VALUES (?, 1, ?, ?, 0, ?, 1, ?)",
    );
    this.#insert = db.prepare(
      "INSERT INTO deliveries (sub, state, priority, seq, replay, attempts, ordering, queued, redriven) VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)",
    );
    this.#insertHeld = db.prepare(
      `INSERT INTO deliveries (sub, state, priority, seq, replay, attempts, ordering, queued, redriven, due, delay)
       VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)`,
    );
    this.#deleteClaimed = db.prepare(
      "DELETE FROM deliveries WHERE sub = ? AND state = 1 AND priority = ? AND seq = ? AND replay = ? AND process_id = ?",
    );
    this.#claim = db.prepare(`UPDATE deliveries SET state = 1, process_id = ?, attempts = attempts + 1 WHERE ${key}`);
    this.#release = db.prepare(
      `UPDATE deliveries SET state = 0, process_id = NULL, attempts = ?, failures = ? WHERE ${key} AND process_id = ?`,
    );
    this.#delay = db.prepare(
      `UPDATE deliveries SET state = 2, process_id = NULL, due = ?, delay = ?, attempts = ?, failures = ?
       WHERE ${key} AND process_id = ?`,
    );
    this.#makeReady = db.prepare(`UPDATE deliveries SET state = 0, due = NULL, delay = NULL WHERE ${key}`);
    this.#unblock = db.prepare(
      `UPDATE deliveries SET state = 0, delay = NULL WHERE ${key} AND (delay IS NULL OR delay <= ?)`,
    );
    this.#unblockHeld = db.prepare(
      `UPDATE deliveries SET state = 2, due = delay, delay = delay - ? WHERE ${key} RETURNING due`,
    );
    this.#due = db.prepare(
      "SELECT sub, priority, seq, replay FROM deliveries WHERE due IS NOT NULL AND due <= ? ORDER BY due LIMIT ?",
    );
    this.#nextDue = db.prepare("SELECT min(due) AS due FROM deliveries WHERE due IS NOT NULL");
    this.#adjustForClockSkew = db.prepare(
      "UPDATE deliveries SET due = ? + delay WHERE due IS NOT NULL AND due - delay > ?",
    );
    this.#exists = db.prepare(
      "SELECT 1 FROM deliveries WHERE sub = ? AND state = ? AND priority = ? AND seq = ? AND replay = ?",
    );
    this.#head = db.prepare(
      "SELECT state, priority, seq, replay FROM deliveries WHERE sub = ? AND ordering = ? ORDER BY state, seq, replay LIMIT 1",
    );
  }

  /** A new row that goes to a consumer of this process at once. */
  insertClaimed(
    sub: Subscription,
    priority: number,
    seq: number,
    processId: number,
    ordering: string | undefined,
  ): void {
    this.#insertClaimed.run(sub.id, priority, seq, processId, ordering ?? null);
    this.#subscriptionCache.touch(sub).claimed += 1;
  }

  /** A new row that waits. */
  insert(key: RowKey, { blocked, held, ...row }: NewRow): void {
    const { sub, priority, seq, replay } = key;
    const state = blocked ? "blocked" : held === undefined ? "ready" : "delayed";
    const redriven = row.redriven === true ? 1 : null;
    const ordering = row.ordering ?? null;
    const values = [sub.id, stateOf[state], priority, seq, replay, ordering, row.queued ?? null, redriven] as const;
    if (held === undefined) this.#insert.run(...values);
    else if (blocked) this.#insertHeld.run(...values, null, held.due);
    else {
      this.#insertHeld.run(...values, held.due, held.delay);
      this.#delayedUntil(held.due);
    }
    this.#subscriptionCache.touch(sub)[state] += 1;
  }

  /** A ready row becomes this process's. */
  claim(key: RowKey, processId: number): void {
    this.#claim.run(processId, key.sub.id, stateOf.ready, key.priority, key.seq, key.replay);
    this.#move(key.sub, "ready", "claimed");
  }

  /** Deletes a row that the process holds; false where it does not hold it any more. */
  deleteClaimed(key: RowKey, processId: number): boolean {
    const { changes } = this.#deleteClaimed.run(key.sub.id, key.priority, key.seq, key.replay, processId);
    if (changes === 0) return false;
    this.#subscriptionCache.touch(key.sub).claimed -= 1;
    return true;
  }

  /** Puts a row that the process holds back into the queue. */
  release(key: RowKey, processId: number, attempts: number, failures: string | null): void {
    const { changes } = this.#release.run(attempts, failures, ...claimedKey(key), processId);
    if (changes !== 0) this.#move(key.sub, "claimed", "ready");
  }

  /** Holds a row back until a time; it keeps its place in its ordering key. */
  delay(key: RowKey, processId: number, { attempts, delay, due, failures }: Delayed): void {
    const { changes } = this.#delay.run(due, delay, attempts, failures, ...claimedKey(key), processId);
    if (changes === 0) return;
    this.#move(key.sub, "claimed", "delayed");
    this.#delayedUntil(due);
  }

  /** Makes rows ready whose time has come, at most `limit`; how many there were. */
  readyDue(now: number, limit: number): number {
    const rows = this.#due.all(now, limit);
    for (const row of rows) {
      const id = integer(row.sub);
      const sub = this.#subscriptionCache.byId(id);
      this.#makeReady.run(id, stateOf.delayed, integer(row.priority), integer(row.seq), integer(row.replay));
      if (sub !== undefined) this.#move(sub, "delayed", "ready");
    }
    return rows.length;
  }

  /** When the next delayed row is due. */
  nextDue(): number | undefined {
    const due = this.#nextDue.get()?.due;
    return due === null || due === undefined ? undefined : integer(due);
  }

  /** After the clock was set back: no row waits longer from now on than it was to wait at first. */
  adjustForClockSkew(now: number): void {
    this.#adjustForClockSkew.run(now, now);
  }

  /** Whether there is such a row, in any state. */
  has({ sub, priority, seq, replay }: RowKey): boolean {
    return states.some(
      (state) => sub.depth[state] > 0 && this.#exists.get(sub.id, stateOf[state], priority, seq, replay) !== undefined,
    );
  }

  /** Whether a delivery of this ordering key is there; a further one has to wait for it. */
  occupied(sub: Subscription, ordering: string): boolean {
    return this.#head.get(sub.id, ordering) !== undefined;
  }

  /** Makes the next delivery of an ordering key ready, or has it wait for its time, where none is before it. */
  promote(sub: Subscription, ordering: string, now: number): void {
    const row = this.#head.get(sub.id, ordering);
    if (row === undefined || row.state !== stateOf.blocked) return;
    const key = [sub.id, stateOf.blocked, integer(row.priority), integer(row.seq), integer(row.replay)] as const;
    if (this.#unblock.run(...key, now).changes !== 0) {
      this.#move(sub, "blocked", "ready");
      return;
    }
    const due = integer(this.#unblockHeld.get(now, ...key)?.due);
    this.#move(sub, "blocked", "delayed");
    this.#delayedUntil(due);
  }

  #move(sub: Subscription, from: keyof Depth, to: keyof Depth): void {
    const depth = this.#subscriptionCache.touch(sub);
    depth[from] -= 1;
    depth[to] += 1;
  }
}

function claimedKey({ sub, priority, seq, replay }: RowKey): [number, number, number, number, number] {
  return [sub.id, stateOf.claimed, priority, seq, replay];
}
