import type { DeadLetter } from "../../../engine/delivery.ts";
import type { ErasureStore } from "../../../engine/erasure.ts";
import type { Event } from "../../../event/event.ts";
import type { PostgresDeadLetters } from "../dead-letters/dead-letters.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { parseEvent } from "../storage/rows.ts";

export interface ErasedRowsDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly deadLetters: PostgresDeadLetters;
}

/** Rows whose data are erased, as the owner of the schema. What they held is gone from the disk after the next vacuum. */
export class ErasedRows implements ErasureStore {
  readonly #dependencies: ErasedRowsDependencies;

  constructor(dependencies: ErasedRowsDependencies) {
    this.#dependencies = dependencies;
  }

  async replaceEvents(ids: readonly string[], change: (event: Event) => Event): Promise<void> {
    const { database, names } = this.#dependencies;
    await database.transaction(async ({ query }) => {
      for (const table of [`${names.s}.events`, `${names.s}.transients`]) {
        const rows = await query(`SELECT seq, body FROM ${table} WHERE id = ANY($1) FOR UPDATE`, [ids]);
        const changed = rows.map(({ body, seq }) => ({ seq, body: JSON.stringify(change(parseEvent(body))) }));
        if (changed.length === 0) continue;
        await query(
          `UPDATE ${table} AS t SET body = x.body FROM json_to_recordset($1) AS x(seq bigint, body text) WHERE t.seq = x.seq`,
          [JSON.stringify(changed)],
        );
      }
    });
  }

  async replaceDeadLetters(ids: readonly string[], change: (deadLetter: DeadLetter) => DeadLetter): Promise<void> {
    const { database, deadLetters, names } = this.#dependencies;
    for (const id of ids) {
      const deadLetter = await deadLetters.get(id);
      if (deadLetter === undefined) continue;
      const { event, failures, reason } = change(deadLetter);
      await database.call(`UPDATE ${names.s}.dead_letters SET body = $2, reason = $3, failures = $4 WHERE id = $1`, [
        id,
        JSON.stringify(event),
        JSON.stringify(reason),
        JSON.stringify(failures),
      ]);
    }
  }
}
