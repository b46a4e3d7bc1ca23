import { DatabaseSync } from "node:sqlite";
import type { Carried } from "./checks.ts";

/** What a file holds. */
export interface Stored extends Carried {
  readonly integrity: unknown;
  readonly left: Record<string, number>;
  /** By `stats`. */
  readonly counted: number;
}

/** Reads a file that no process has open. */
export function readStore(file: string): Stored {
  const db = new DatabaseSync(file);
  // Those of the last minute are in `meta`.
  const countedSql = `SELECT sum(count) AS count FROM (
    SELECT count FROM stats UNION ALL SELECT value FROM meta, json_each(meta.stats, '$.counts'))`;
  const count = (from: string) => Number(db.prepare(`SELECT count(*) AS count FROM ${from}`).get()?.count);
  try {
    return {
      integrity: db.prepare("PRAGMA integrity_check").get()?.integrity_check,
      left: {
        deliveries: count("deliveries"),
        transients: count("transients"),
        depths: count("depths WHERE ready <> 0 OR claimed <> 0 OR delayed <> 0 OR blocked <> 0"),
        processes: count("processes"),
        outsideHistory: count("events WHERE history = 0"),
      },
      counted: Number(db.prepare(countedSql).get()?.count),
      events: new Map(
        db
          .prepare("SELECT seq, id, body FROM events")
          .all()
          .map(({ seq, id, body }) => {
            const { type, metadata } = JSON.parse(String(body));
            return [String(id), { seq: Number(seq), type: String(type), cause: metadata.causationId }];
          }),
      ),
      dead: new Set(
        db
          .prepare("SELECT subscription, event_id FROM dead_letters")
          .all()
          .map(({ subscription, event_id }) => `${subscription} ${event_id}`),
      ),
    };
  } finally {
    db.close();
  }
}
