import type { Event } from "../../../event/event.ts";
import { orderedKey } from "../../../subscription/index.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import { indexed } from "../publishing/event-columns.ts";
import type { Transaction } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { integer, parseEvent, type Row } from "../storage/rows.ts";

/** Rows given their new key in one statement. */
const rowsAtOnce = 1_000;

/**
 * Puts what is queued in order by another key, or by none, within the transaction that changes `ordered`: all of a subscription
 * at once, so that orders are never mixed. What runs or waits for its next attempt keeps its place before all others of its key.
 */
export async function reorder(
  transaction: Transaction,
  { s, locks }: Names,
  id: number,
  { ordered }: SubscriptionRecord,
): Promise<void> {
  await transaction.query(`SELECT pg_advisory_xact_lock(${locks.subscription} + $1)`, [id]);
  const rows = await transaction.query(
    `SELECT d.seq, d.replay, coalesce(e.body, k.body) AS body FROM ${s}.deliveries d
     LEFT JOIN ${s}.events e ON e.day = d.day AND e.seq = d.seq
     LEFT JOIN ${s}.transients k ON d.day IS NULL AND k.seq = d.seq
     WHERE d.sub = $1`,
    [id],
  );
  const keyOf = ordered === undefined ? undefined : orderedKey(ordered);
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    const keys = rows.slice(from, from + rowsAtOnce).map((row) => {
      const event = keyOf === undefined ? undefined : readable(row);
      const key = event === undefined || keyOf === undefined ? null : indexed(keyOf(event));
      return { seq: integer(row.seq), replay: integer(row.replay), key };
    });
    await transaction.query(
      `UPDATE ${s}.deliveries d SET ordering = x.key, state = CASE
         WHEN d.state = 1 OR (d.state = 2 AND d.attempts > 0) THEN d.state
         WHEN x.key IS NOT NULL THEN 4
         WHEN d.due > ${s}.now_ms() THEN 2
         ELSE 0
       END
       FROM json_to_recordset($2) AS x(seq bigint, replay int, key text)
       WHERE d.seq = x.seq AND d.sub = $1 AND d.replay = x.replay`,
      [id, JSON.stringify(keys)],
    );
  }
}

function readable({ body }: Row): Event | undefined {
  try {
    return parseEvent(body);
  } catch {
    return undefined;
  }
}
