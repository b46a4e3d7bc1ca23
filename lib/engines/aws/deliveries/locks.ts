import type { LockName } from "./keys.ts";
import { type LockRow, parseLock, type Row } from "./row.ts";
import type { Rows } from "./rows.ts";
import type { Table } from "./table.ts";

/** Milliseconds for which a lock's row is kept: longer than that of the delivery which it names. */
const keepMs = 16 * 86_400_000;

/** How a lock was when it was inspected. */
export interface SeenLock extends LockName {
  readonly row: LockRow | undefined;
}

/**
 * Lets one delivery of an ordered key, or of a subscription that runs one at a time, through. A lock's row names the delivery
 * that took it last; whether that still holds it is read off its own row. So a lock never outlives what it was taken for,
 * whichever process ended when, and nobody has to let go of it, which would be one more write for each delivery:
 *
 * ```
 *  inspect (has the holder ended, or is it gone? then it is free) ─▶ claim the delivery ─▶ take (if the lock is as it was seen)
 *                                                               └─ not taken: the claim is given back
 * ```
 *
 * The claim comes before the lock: once a lock names a delivery, that delivery's row says that it is under way.
 */
export class Locks {
  readonly #table: Table;
  readonly #rows: Rows;
  readonly #now: () => number;

  constructor(table: Table, rows: Rows, now: () => number) {
    this.#table = table;
    this.#rows = rows;
    this.#now = now;
  }

  /** How a lock stands, and whether another delivery than this one holds it; then, when that is due, where it waits. */
  async inspect(lock: LockName, pk: string): Promise<SeenLock | { readonly heldUntil: number }> {
    const row = parseLock(await this.#table.get(lock.pk), lock.pk);
    if (row === undefined || row.holder === pk) return { ...lock, row };
    const holder = await this.#rows.get(row.holder);
    if (holder === undefined || !this.#holds(lock, holder)) return { ...lock, row };
    return { heldUntil: holder.dueAt ?? this.#now() };
  }

  /** Takes a lock for a claim; false where it is not as it was seen. */
  async take({ pk: lock, row }: SeenLock, pk: string, claim: string): Promise<boolean> {
    const isFree = "attribute_not_exists(#pk)";
    const isAsSeen = "#claim = :seen";
    const { ok, item } = await this.#table.update(lock, {
      set: "#holder = :holder, #claim = :claim, #ttl = :keep",
      condition: row === undefined ? isFree : isAsSeen,
      values: {
        holder: pk,
        claim,
        keep: Math.ceil((this.#now() + keepMs) / 1000),
        ...(row === undefined ? {} : { seen: row.claim }),
      },
    });
    // A write whose answer was lost is sent again, and then finds its own mark.
    return ok || parseLock(item, lock)?.claim === claim;
  }

  #holds({ kind }: LockName, holder: Row): boolean {
    if (kind === "slot") return holder.state === "running" && (holder.leaseUntil ?? 0) > this.#now();
    const hasEnded = holder.state === "done" || holder.state === "dead";
    // It let go of the key when it became a dead letter; its new message may never have been sent. One that is due later came,
    // took the key and was given back.
    const isDue = (holder.dueAt ?? 0) <= this.#now();
    const isRevived =
      holder.state === "waiting" && holder.attempts === 0 && holder.redriveGeneration !== undefined && isDue;
    return !hasEnded && !isRevived;
  }
}
