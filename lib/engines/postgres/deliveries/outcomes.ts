import * as z from "zod";
import type { EndedDelivery, EndedSample } from "../../../engine/delivery.ts";
import { readStored } from "../../../engine/stored.ts";
import { type BusError, readErrorCode, toBusError } from "../../../error/bus-error.ts";
import { formatTime } from "../../../event/time.ts";
import { indexed } from "../publishing/event-columns.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { brokenRow, integer, optionalText, type Row, text } from "../storage/rows.ts";
import { outcomeBlock } from "../storage/schema/tables.ts";

export interface OutcomesDependencies {
  readonly database: Database;
  readonly names: Names;
  now(): number;
  onError(error: BusError): void;
}

const failures = z.array(
  z.object({ code: z.string().transform(readErrorCode), message: z.string(), count: z.number() }),
);

/** The event's number, subscription, outcome, attempts, milliseconds in the handler and in all, replay, failures. */
const entry = z.tuple([
  z.number(),
  z.string(),
  z.enum(["done", "dropped", "dead"]),
  z.number(),
  z.number().nullable(),
  z.number(),
  z.number(),
  failures.nullable(),
]);

/** Milliseconds back from now that are looked at in turn: the next where there was less than was asked for. */
const spansMs = [1_000, 8_000, 64_000, Number.POSITIVE_INFINITY];

/** Finds how the deliveries of a flow's recorded events ended. */
export class Outcomes {
  readonly #dependencies: OutcomesDependencies;
  readonly #sql: string;
  readonly #recent: string;

  constructor(dependencies: OutcomesDependencies) {
    this.#dependencies = dependencies;
    const { s } = dependencies.names;
    this.#recent = `SELECT ended, data::text AS data FROM ${s}.outcomes WHERE ended >= $1 ORDER BY ended DESC LIMIT $2`;
    // A block is read once, however many of its events the flow has.
    this.#sql = `
      WITH flow AS MATERIALIZED (
        SELECT seq, day, id FROM ${s}.events WHERE flow = $1 OR (id = $1 AND flow IS NULL)
      ), entries AS MATERIALIZED (
        SELECT o.ended, x.n, x.value, (x.value ->> 0)::bigint AS seq
        FROM (SELECT DISTINCT day, seq / ${outcomeBlock} AS block FROM flow) AS b
        JOIN ${s}.outcomes o ON o.day = b.day AND o.block = b.block
        CROSS JOIN LATERAL json_array_elements(o.data) WITH ORDINALITY AS x(value, n)
      )
      SELECT f.id, e.ended, e.value::text AS data, p.replay
      FROM flow f JOIN entries e ON e.seq = f.seq LEFT JOIN ${s}.replays p ON p.id = (e.value ->> 6)::int
      ORDER BY e.ended, e.n`;
  }

  /** Those that ended at or after a time, at most `limit`. A span is widened step by step: a sort of all of it may be long. */
  async since(time: number, limit: number): Promise<EndedSample[]> {
    let samples: EndedSample[] = [];
    const { database, now } = this.#dependencies;
    for (const spanMs of spansMs) {
      const from = Math.max(time, now() - spanMs);
      const rows = await database.call(this.#recent, [from, limit]);
      samples = rows.flatMap((row) => this.#samples(row));
      if (from === time || samples.length >= limit) break;
    }
    return samples.slice(0, limit);
  }

  #samples(row: Row): EndedSample[] {
    try {
      const endedAt = integer(row.ended);
      return readStored(z.array(entry), text(row.data), "a list of outcomes", brokenRow).map(
        ([, subscription, outcome, , ranMs, totalMs, , failed]) => ({
          subscription,
          outcome,
          failures: (failed ?? []).reduce((sum, { count }) => sum + count, 0),
          endedAt,
          ...(ranMs === null ? {} : { ranMs }),
          totalMs,
        }),
      );
    } catch (thrown) {
      this.#dependencies.onError(toBusError(thrown));
      return [];
    }
  }

  async ofFlow(correlationId: string): Promise<EndedDelivery[]> {
    const rows = await this.#dependencies.database.call(this.#sql, [indexed(correlationId)]);
    return rows.flatMap((row) => this.#readable(row));
  }

  /** None where the row cannot be read: one broken row must not hide the others. */
  #readable(row: Row): EndedDelivery[] {
    try {
      const stored = readStored(entry, text(row.data), "an outcome", brokenRow);
      const [, subscription, outcome, attempts, ranMs, totalMs, , failed] = stored;
      const replayId = optionalText(row.replay);
      return [
        {
          subscription,
          eventId: text(row.id),
          ...(replayId === undefined ? {} : { replayId }),
          outcome,
          attempts,
          failures: failed ?? [],
          endedAt: formatTime(integer(row.ended)),
          ...(ranMs === null ? {} : { ranMs }),
          totalMs,
        },
      ];
    } catch (thrown) {
      this.#dependencies.onError(toBusError(thrown));
      return [];
    }
  }
}
