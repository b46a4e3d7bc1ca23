import type { Failure } from "../../../engine/delivery.ts";
import { type Claim, hasSlot } from "./claim.ts";
import { heldBy, inRedriveGeneration, redriveGenerationValue, seconds, unchangedSince } from "./clauses.ts";
import { formatFailures } from "./failures.ts";
import { parseRow, type Row } from "./row.ts";
import type { Table, Update, Written } from "./table.ts";

/**
 * Milliseconds for which the row of a delivery that is under way is kept: longer than a queue keeps its message (14 days), so
 * that no attempt is forgotten, and no longer, so that a row whose message was purged goes, and its key with it.
 */
const underWayMs = 15 * 86_400_000;
/** Milliseconds in which a process that makes a delivery a dead letter has to finish, before another may go on with it. */
const deadLetterMs = 30_000;
/** What is known of the end of a delivery; it begins anew without. */
const endFields = "#endedAt, #ranMs, #totalMs, #dropped";

/** What is recorded of the end of a delivery, besides the time. */
export interface DeliveryEnd {
  /** Milliseconds since 1970: when it was accepted, or queued again. */
  readonly acceptedAt: number;
  /** Milliseconds for which the handler ran; undefined where it did not, or nobody knows. */
  readonly ranMs?: number | undefined;
  /** Whether it was not handled. */
  readonly dropped?: boolean;
}

/** What a write on a row came to: how the row stands now. */
export type Moved = { readonly ok: true; readonly row: Row } | { readonly ok: false; readonly row: Row | undefined };

/**
 * The rows of deliveries, and each step that one may take. A step is one conditional write: of two that try it at once, one
 * succeeds, and the other is told how the row stands. Each clause below is a reason for which a step is open.
 *
 * ```
 *  (none) ──claim──▶ running ──finish──▶ done ──dedupeFor──▶ (none)
 *                    ▲  │ │ └─renew─▶ running
 *                    │  │ └─retry, release─▶ waiting ──claim──▶ running
 *      takeOver ─────┘  │                      └─beginDeadLetter (limit lowered)─▶ deadLettering
 *  (lease ran out)      └─beginDeadLetter─▶ deadLettering ──put, finishDeadLetter─▶ dead ──dedupeFor──▶ (none)
 *                                                                                    └─revive─▶ waiting
 *
 *  time ─▶ claim          crash        lease over, next receive         limit reached: beginDeadLetter, put,
 *          attempts 1 ─── (nothing) ── takeOver: attempts 2, ──── … ─── finishDeadLetter; after a crash between any two,
 *                                      failure process_ended            the next receive goes on with the same dead letter
 * ```
 *
 * A delivery that succeeds the first time is written twice, claim and finish, one write unit each: rows stay below 1 KB. When it
 * ended, and what that took, is written with the last step: it takes the place of the claim. Failures stay for whoever asks.
 */
export class Rows {
  readonly #table: Table;
  readonly #now: () => number;

  constructor(table: Table, now: () => number) {
    this.#table = table;
    this.#now = now;
  }

  /** Those that are known, by their keys. */
  async getAll(pks: readonly string[]): Promise<ReadonlyMap<string, Row>> {
    const found = new Map<string, Row>();
    for (const [pk, item] of await this.#table.getAll(pks)) {
      const row = this.#unlessForgotten(parseRow(item, pk));
      if (row !== undefined) found.set(pk, row);
    }
    return found;
  }

  /** As it stands; undefined where it is not known, or known no longer. */
  async get(pk: string): Promise<Row | undefined> {
    return this.#unlessForgotten(parseRow(await this.#table.get(pk), pk));
  }

  /** Begins the first attempt, or the next one that is due. */
  claim(pk: string, claim: Claim, limit: number): Promise<Moved> {
    const isUnknown = "attribute_not_exists(#pk)";
    const isWaiting = "#state = :waiting AND #ttl > :seconds";
    const isDue = "#dueAt <= :now";
    const hasAttemptsLeft = "#attempts < :limit";
    return this.#marked(pk, "claim", claim.id, {
      set: `#state = :running, #attempts = if_not_exists(#attempts, :none) + :one, #claim = :claim, #leaseUntil = :lease, #ttl = :keep${
        claim.redriveGeneration === undefined
          ? ""
          : ", #redriveGeneration = if_not_exists(#redriveGeneration, :redriveGeneration)"
      }`,
      remove: "#dueAt",
      condition: `${isUnknown} OR (${isWaiting} AND ${isDue} AND ${hasAttemptsLeft})`,
      values: { ...this.#claimed(claim), ...redriveGenerationValue(claim.redriveGeneration), limit, none: 0, one: 1 },
    });
  }

  /** Begins the next attempt of one whose last run is taken to have ended with its process; `failure` says so. */
  takeOver(pk: string, seen: Row, claim: Claim, failure: Failure): Promise<Moved> {
    return this.#marked(pk, "claim", claim.id, {
      set: "#state = :running, #attempts = :next, #claim = :claim, #leaseUntil = :lease, #ttl = :keep, #failures = :failures",
      ...unchangedSince(seen, {
        ...this.#claimed(claim),
        next: seen.attempts + 1,
        failures: formatFailures([...seen.failures, failure]),
      }),
    });
  }

  /** Begins the first attempt of one that was forgotten, but not deleted yet. */
  claimForgotten(pk: string, claim: Claim): Promise<Moved> {
    const isForgotten = "#ttl <= :seconds";
    const begun = "#state = :running, #attempts = :one, #claim = :claim, #leaseUntil = :lease, #ttl = :keep";
    return this.#marked(pk, "claim", claim.id, {
      ...inRedriveGeneration(begun, `#dueAt, #failures, ${endFields}`, claim.redriveGeneration),
      condition: isForgotten,
      values: { ...this.#claimed(claim), ...redriveGenerationValue(claim.redriveGeneration), one: 1 },
    });
  }

  /** Holds a claim for longer; one with the slot only while its lease lasts, as another may have the slot after it. */
  renew(pk: string, claim: Claim): Promise<Moved> {
    const isAlive = "#leaseUntil > :now";
    const { condition, values } = heldBy(claim.id, { lease: claim.leaseUntil, now: this.#now() });
    return this.#update(pk, {
      set: "#leaseUntil = :lease",
      condition: hasSlot(claim.id) ? `${condition} AND ${isAlive}` : condition,
      values,
    });
  }

  /** Over, and well, or dropped; remembered for `forMs`. */
  finish(pk: string, claim: string, forMs: number, end: DeliveryEnd): Promise<Moved> {
    const { set, values } = this.#ended(end);
    return this.#update(pk, {
      set: `#state = :done, #ttl = :keep, ${set}`,
      remove: "#claim, #leaseUntil",
      ...heldBy(claim, { ...values, done: "done", keep: seconds(this.#now() + forMs) }),
    });
  }

  /** Over, and well; not remembered. */
  async forget(pk: string, claim: string): Promise<Moved> {
    const { condition, values } = heldBy(claim, {});
    return this.#moved(pk, await this.#table.delete(pk, condition, values));
  }

  /** Waits for its next attempt. */
  retry(pk: string, claim: string, afterMs: number, failures: readonly Failure[]): Promise<Moved> {
    return this.#update(pk, {
      set: "#state = :waiting, #dueAt = :due, #failures = :failures, #ttl = :keep",
      remove: "#claim, #leaseUntil",
      ...heldBy(claim, {
        ...this.#waiting(afterMs),
        failures: formatFailures(failures),
      }),
    });
  }

  /** Waits, for `afterMs` at least; the attempt was none. */
  release(pk: string, claim: string, afterMs = 0): Promise<Moved> {
    return this.#update(pk, {
      set: "#state = :waiting, #dueAt = :due, #attempts = #attempts - :one, #ttl = :keep",
      remove: "#claim, #leaseUntil",
      ...heldBy(claim, { ...this.#waiting(afterMs), one: 1 }),
    });
  }

  /**
   * Out of attempts: from here on it only becomes dead. `from` is the claim that ends so, or how the row was seen. Where it has
   * no row, the new one gets `redriveGeneration`.
   */
  beginDeadLetter(
    pk: string,
    from: string | Row | undefined,
    by: string,
    failures: readonly Failure[],
    redriveGeneration: string | undefined,
  ): Promise<Moved> {
    const now = this.#now();
    const values = {
      deadLettering: "deadLettering",
      by,
      lease: now + deadLetterMs,
      failures: formatFailures(failures),
      keep: seconds(now + underWayMs),
      seconds: Math.floor(now / 1000),
      none: 0,
    };
    const isUnknown = "attribute_not_exists(#pk) OR #ttl <= :seconds";
    const set = "#state = :deadLettering, #claim = :by, #leaseUntil = :lease, #failures = :failures, #ttl = :keep";
    if (from === undefined) {
      const update = inRedriveGeneration(`${set}, #attempts = :none`, `#dueAt, ${endFields}`, redriveGeneration);
      return this.#marked(pk, "claim", by, {
        ...update,
        condition: isUnknown,
        values: { ...values, ...redriveGenerationValue(redriveGeneration) },
      });
    }
    const clause = typeof from === "string" ? heldBy(from, values) : unchangedSince(from, values);
    return this.#marked(pk, "claim", by, { set, remove: "#dueAt", ...clause });
  }

  /** Its dead letter is kept: dead, and remembered for `forMs`. */
  finishDeadLetter(pk: string, by: string, forMs: number, end: DeliveryEnd): Promise<Moved> {
    const { set, values } = this.#ended(end);
    return this.#update(pk, {
      set: `#state = :dead, #ttl = :keep, ${set}`,
      remove: "#claim, #leaseUntil",
      ...heldBy(by, { ...values, dead: "dead", keep: seconds(this.#now() + forMs) }),
    });
  }

  /** Begins a redrive: attempts count anew, and a `redriveGeneration` of its own tells it from the runs before. */
  revive(pk: string, redriveGeneration: string): Promise<Moved> {
    const isUnknown = "attribute_not_exists(#pk) OR #ttl <= :seconds";
    const isDead = "#state = :dead";
    // What revived it may have ended before it had sent the message.
    const isRevived = "(#state = :waiting AND #attempts = :none)";
    // Its dead letter is kept already; only its mark is missing.
    const isLeftUnfinished = "(#state = :deadLettering AND #leaseUntil <= :now)";
    return this.#marked(pk, "redriveGeneration", redriveGeneration, {
      set: "#state = :waiting, #attempts = :none, #dueAt = :now, #redriveGeneration = :redriveGeneration, #ttl = :keep",
      remove: `#claim, #leaseUntil, #failures, ${endFields}`,
      condition: `${isUnknown} OR ${isDead} OR ${isRevived} OR ${isLeftUnfinished}`,
      values: {
        ...this.#waiting(),
        dead: "dead",
        deadLettering: "deadLettering",
        none: 0,
        redriveGeneration,
        seconds: Math.floor(this.#now() / 1000),
      },
    });
  }

  #claimed({ id, leaseUntil }: Claim) {
    const now = this.#now();
    return {
      running: "running",
      waiting: "waiting",
      claim: id,
      lease: leaseUntil,
      now,
      seconds: Math.floor(now / 1000),
      keep: seconds(now + underWayMs),
    };
  }

  #ended({ acceptedAt, ranMs, dropped = false }: DeliveryEnd) {
    const now = this.#now();
    const fields = {
      endedAt: now,
      totalMs: Math.max(0, now - acceptedAt),
      ...(ranMs === undefined ? {} : { ranMs }),
      ...(dropped ? { dropped: 1 } : {}),
    };
    return {
      set: Object.keys(fields)
        .map((name) => `#${name} = :${name}`)
        .join(", "),
      values: fields,
    };
  }

  #waiting(afterMs = 0) {
    const now = this.#now();
    return { waiting: "waiting", now, due: now + afterMs, keep: seconds(now + afterMs + underWayMs) };
  }

  async #update(pk: string, update: Update): Promise<Moved> {
    return this.#moved(pk, await this.#table.update(pk, update));
  }

  /** A write whose answer was lost is sent again, and then finds its own mark: it has succeeded. */
  async #marked(pk: string, mark: "claim" | "redriveGeneration", value: string, update: Update): Promise<Moved> {
    const moved = await this.#update(pk, update);
    return !moved.ok && moved.row?.[mark] === value ? { ok: true, row: moved.row } : moved;
  }

  #moved(pk: string, written: Written): Moved {
    const row = parseRow(written.item, pk);
    return written.ok && row !== undefined ? { ok: true, row } : { ok: false, row };
  }

  #unlessForgotten(row: Row | undefined): Row | undefined {
    return row === undefined || this.isForgotten(row) ? undefined : row;
  }

  /** Whether its time is past, though DynamoDB has not deleted it yet. */
  isForgotten(row: Row): boolean {
    return row.ttl <= Math.floor(this.#now() / 1000);
  }
}
