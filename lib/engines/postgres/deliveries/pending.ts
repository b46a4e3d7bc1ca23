import { Router } from "../../../delivery/router.ts";
import type { PendingDelivery } from "../../../engine/delivery.ts";
import { formatTime } from "../../../event/time.ts";
import { indexed } from "../publishing/event-columns.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import {
  integer,
  optionalInteger,
  optionalText,
  parseEvent,
  parseRecord,
  type Row,
  readableFailures,
  text,
} from "../storage/rows.ts";

export interface PendingDependencies {
  readonly database: Database;
  readonly names: Names;
  /** Whether this process handles a subscription. */
  handles(subscription: string): boolean;
  /** Whether it is paused for all processes. */
  isPaused(subscription: string): boolean;
}

/** Finds the deliveries of a flow that are under way; one statement, so that it sees all of it as of one moment. */
export class Pending {
  readonly #dependencies: PendingDependencies;
  readonly #sql: string;

  constructor(dependencies: PendingDependencies) {
    this.#dependencies = dependencies;
    const { s } = dependencies.names;
    // The last part: what a subscription will get once it is filled up to it.
    this.#sql = `
      WITH flow AS MATERIALIZED (
        SELECT seq, id, type, epoch, tx, body FROM ${s}.events WHERE flow = $1 OR (id = $1 AND flow IS NULL)
        UNION ALL SELECT seq, id, type, NULL, NULL, NULL FROM ${s}.transients WHERE flow = $1
      ), alone AS (SELECT count(*) < 2 AS alone FROM ${s}.processes)
      SELECT c.name, f.id, f.type, d.state, d.attempts, d.due, d.failures, ${s}.now_ms() AS now, alone, NULL AS record,
        NULL AS body
      FROM flow f JOIN ${s}.deliveries d ON d.seq = f.seq JOIN ${s}.subscriptions c ON c.id = d.sub, alone
      UNION ALL
      SELECT c.name, f.id, f.type, 0, 0, NULL, NULL, ${s}.now_ms(), alone, c.record, f.body
      FROM flow f JOIN ${s}.subscriptions c ON c.filling AND f.seq > c.filled_to
        AND (c.live_epoch IS NULL OR f.epoch < c.live_epoch) AND (c.snap IS NULL OR NOT pg_visible_in_snapshot(f.tx, c.snap)),
        alone
      WHERE f.epoch IS NOT NULL`;
  }

  async ofFlow(correlationId: string): Promise<PendingDelivery[]> {
    const rows = await this.#dependencies.database.call(this.#sql, [indexed(correlationId)]);
    return rows.filter(isWanted).map((row) => this.#pending(row));
  }

  #pending(row: Row): PendingDelivery {
    const subscription = text(row.name);
    const due = optionalInteger(row.due);
    const isDelayed = row.state === 2 && due !== undefined && due > integer(row.now);
    const lastError = readableFailures(row.failures).at(-1)?.message;
    // What another process handles is not known here.
    const unhandled = row.alone === true && !this.#dependencies.handles(subscription);
    return {
      subscription,
      eventId: text(row.id),
      type: text(row.type),
      state: row.state === 1 ? "running" : isDelayed ? "delayed" : "waiting",
      attempts: integer(row.attempts),
      ...(isDelayed ? { dueAt: formatTime(due) } : {}),
      ...(lastError === undefined ? {} : { lastError }),
      ...(unhandled ? { handled: false } : {}),
      ...(this.#dependencies.isPaused(subscription) ? { paused: true } : {}),
    };
  }
}

/** Of what the filler has not looked at yet, only it knows whether the subscription wants it. */
function isWanted({ body, record }: Row): boolean {
  const stored = optionalText(record);
  return stored === undefined || new Router([parseRecord(stored)]).route(parseEvent(body)).length > 0;
}
