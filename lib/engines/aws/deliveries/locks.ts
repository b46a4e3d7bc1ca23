import type { LockName } from "./keys.ts";
import { type LockRow, parseLock, type Row } from "./row.ts";
import type { Rows } from "./rows.ts";
import type { Table } from "./table.ts";

/** Milliseconds for which a lock's row is kept: longer than that of the delivery which it names. */
const keepMs = 16 * 86_400_000;

/** How a lock was when it was looked at. */
export interface SeenLock extends LockName {
  readonly row: LockRow | undefined;
}

/**
 * Lets one delivery of an ordered key, or of a subscription that runs one at a time, through. A lock's row names the delivery
 * that holds it; whether it still does is read off that delivery's own row, so that a lock never outlives what it was taken
 * for, whoever died when:
 *
 * ```
 *  look (is the holder over, or gone? then it is free) ─▶ claim the delivery ─▶ take (if the lock is as it was seen)
 *                                                               └─ not taken: the claim is given back
 * ```
 *
 * The claim comes before the lock: once a lock names a delivery, that delivery's row says that it lives.
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
  async look(lock: LockName, pk: string): Promise<SeenLock | { readonly heldUntil: number }> {
    const row = parseLock(await this.#table.get(lock.pk), lock.pk);
    if (row === undefined || row.holder === pk) return { ...lock, row };
    const holder = await this.#rows.get(row.holder);
    if (holder === undefined || !this.#holds(lock, row, holder)) return { ...lock, row };
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

  /** Lets go of what was taken with a claim, if it is still so. */
  async release({ pk: lock }: LockName, claim: string): Promise<void> {
    const isMine = "#claim = :claim";
    await this.#table.delete(lock, isMine, { claim });
  }

  #holds({ kind }: LockName, lock: LockRow, holder: Row): boolean {
    const isUnderWay = holder.state !== "done" && holder.state !== "dead";
    if (kind === "key") return isUnderWay;
    const isRunning = holder.state === "running" && (holder.leaseUntil ?? 0) > this.#now();
    return isRunning && holder.claim === lock.claim;
  }
}
