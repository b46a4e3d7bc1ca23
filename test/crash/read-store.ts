import { DatabaseSync } from "node:sqlite";
import type { Carried } from "./checks.ts";

/** What the file of an embedded bus holds. */
export interface Stored extends Carried {
  readonly integrity: unknown;
  readonly left: Record<string, number>;
  /** By `stats`. */
  readonly counted: number;
}

/** Reads the file as it is, without the bus. */
export function readStore(file: string): Stored {
  const db = new DatabaseSync(file);
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
      counted: Number(db.prepare("SELECT sum(count) AS count FROM stats").get()?.count),
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
