import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Failure } from "../../bus/delivery.ts";
import { BusError, toBusError } from "../../error/bus-error.ts";
import { formatTime } from "../../event/time.ts";
import { ClaimedDelivery, type RowKey } from "./claimed-delivery.ts";
import type { Consumers } from "./consumers.ts";
import type { DeadLetterTable } from "./dead-letters.ts";
import type { Events, StoredEvent } from "./events.ts";
import type { Queue } from "./queue.ts";
import type { Registry, Subscription } from "./registry.ts";
import type { Replays } from "./replays.ts";
import { integer, optionalInteger, optionalText, parseFailures } from "./rows.ts";

export interface ClaimsHost {
  readonly registry: Registry;
  readonly queue: Queue;
  readonly events: Events;
  readonly consumers: Consumers;
  readonly deadLetters: DeadLetterTable;
  readonly replays: Replays;
  readonly owner: number;
  onError(error: BusError): void;
}

const none: readonly Failure[] = [];

/** Takes ready deliveries for the consumers of this process, within a transaction. */
export class Claims {
  readonly #host: ClaimsHost;
  readonly #ready: StatementSync;

  constructor(db: DatabaseSync, host: ClaimsHost) {
    this.#host = host;
    this.#ready = db.prepare(
      `SELECT priority, seq, replay, attempts, ordering, queued, redriven, failures FROM deliveries
       WHERE sub = ? AND state = 0 ORDER BY priority, seq, replay LIMIT ?`,
    );
  }

  /** Whether there is something to claim, as far as this process knows. */
  wanted(): boolean {
    const { consumers, registry } = this.#host;
    for (const name of consumers.names()) {
      const sub = registry.byName(name);
      if (sub !== undefined && sub.depth.ready > 0 && consumers.room(sub) > 0) return true;
    }
    return false;
  }

  /** Claims for all consumers, at most `limit`. */
  take(limit: number, now: number): void {
    const { consumers, registry } = this.#host;
    let left = limit;
    for (const name of consumers.names()) {
      const sub = registry.byName(name);
      if (sub === undefined || sub.depth.ready === 0) continue;
      const wanted = Math.min(left, consumers.room(sub));
      if (wanted <= 0) continue;
      const rows = this.#ready.all(sub.id, wanted);
      // What is counted must not stay above what is there, or this process would look for it without end.
      if (rows.length === 0) registry.touch(sub).ready = 0;
      for (const row of rows) this.#claim(sub, row, now);
      left -= rows.length;
    }
  }

  #claim(sub: Subscription, row: Readonly<Record<string, unknown>>, now: number): void {
    const { consumers, events, queue, owner, replays } = this.#host;
    const seat = consumers.seat(sub);
    if (seat === undefined) return;
    const key = { sub, priority: integer(row.priority), seq: integer(row.seq), replay: integer(row.replay) };
    queue.claim(key, owner);
    const attempt = integer(row.attempts) + 1;
    const ordering = optionalText(row.ordering);
    const queued = optionalInteger(row.queued);
    let stored: StoredEvent | undefined;
    let failures: readonly Failure[] = none;
    let broken: BusError | undefined;
    try {
      stored = events.bySeq(key.seq);
      failures = parseFailures(row.failures);
    } catch (thrown) {
      broken = toBusError(thrown);
    }
    if (stored === undefined || broken !== undefined) {
      const error = broken ?? new BusError("unavailable", `event ${key.seq} of a delivery is not stored`);
      this.#bury(key, { attempts: attempt, acceptedAt: queued ?? now, error, now });
      if (ordering !== undefined) queue.promote(sub, ordering);
      return;
    }
    consumers.hand(
      seat,
      new ClaimedDelivery(key, replays.mark(stored.event, key.replay), {
        attempt,
        acceptedAt: queued ?? stored.accepted,
        failures,
        redriven: optionalInteger(row.redriven) === 1,
        ordering,
        transient: !stored.history,
      }),
    );
  }

  /** A row that cannot be read is not met again and again: it becomes a dead letter that holds what is left of it. */
  #bury(key: RowKey, { acceptedAt, attempts, error, now }: Unreadable): void {
    const { deadLetters, events, onError, owner, queue } = this.#host;
    const at = formatTime(now);
    const reason = { code: "invalid_event", message: error.message, at, attempt: 0 };
    const { id, body } = events.raw(key.seq) ?? { id: `lost-${key.seq}`, body: null };
    deadLetters.insert({
      subscription: key.sub.record.name,
      replay: key.replay,
      event: {
        id,
        type: "custom.unreadable",
        source: "waggle",
        time: at,
        data: { stored: body },
        metadata: { version: 1, correlationId: id, priority: key.priority },
      },
      reason,
      attempts,
      failures: [reason],
      acceptedAt,
      diedAt: now,
    });
    queue.deleteClaimed(key, owner);
    // Does nothing for an event that is in history.
    events.releaseTransient(key.seq);
    onError(error);
  }
}

interface Unreadable {
  readonly attempts: number;
  readonly acceptedAt: number;
  readonly error: BusError;
  readonly now: number;
}
