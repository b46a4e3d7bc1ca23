import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { HistoryQuery } from "../../../engine/queries.ts";
import { eventIdNames } from "../../../event/event.ts";
import { typeMatcher } from "../../../pattern/type-names.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { Order } from "../storage/cursor.ts";
import { integer, text } from "../storage/rows.ts";
import { type Field, fields } from "./postings.ts";

/** Which block at or before (`newest`), or at or after, a block may hold what one condition wants. */
type NextBlock = (from: number) => number | undefined;

/** Finds the blocks that can hold what a query wants, without reading the events. */
export class BlockScan {
  readonly #posting: Record<Order, StatementSync>;
  readonly #bounds: Record<Order, StatementSync>;
  readonly #nextType: StatementSync;

  constructor(db: DatabaseSync) {
    this.#posting = {
      newest: db.prepare("SELECT max(block) AS block FROM postings WHERE field = ? AND value = ? AND block <= ?"),
      oldest: db.prepare("SELECT min(block) AS block FROM postings WHERE field = ? AND value = ? AND block >= ?"),
    };
    const within = "max_accepted >= ? AND min_accepted < ? AND max_time >= ? AND min_time < ?";
    this.#bounds = {
      newest: db.prepare(`SELECT block FROM blocks WHERE block <= ? AND ${within} ORDER BY block DESC LIMIT 1`),
      oldest: db.prepare(`SELECT block FROM blocks WHERE block >= ? AND ${within} ORDER BY block LIMIT 1`),
    };
    this.#nextType = db.prepare("SELECT min(value) AS value FROM postings WHERE field = ? AND value > ?");
  }

  /** The blocks in that order, from `from` on. */
  *blocks(query: HistoryQuery, order: Order, from: number): Generator<number> {
    const conditions = [this.#between(query, order), ...this.#postings(query, order)];
    const step = order === "newest" ? -1 : 1;
    let block = from;
    for (;;) {
      const found = nextAllowed(conditions, block);
      if (found === undefined) return;
      yield found;
      block = found + step;
    }
  }

  #between(query: HistoryQuery, order: Order): NextBlock {
    const statement = this.#bounds[order];
    const never = Number.MAX_SAFE_INTEGER;
    const since = queryTime(query.since, "since") ?? -never;
    const until = queryTime(query.until, "until") ?? never;
    const happenedSince = queryTime(query.happenedSince, "happenedSince", "down") ?? -never;
    const happenedUntil = queryTime(query.happenedUntil, "happenedUntil") ?? never;
    return (from) => {
      const block = statement.get(from, since, until, happenedSince, happenedUntil)?.block;
      return block === undefined ? undefined : integer(block);
    };
  }

  #postings(query: HistoryQuery, order: Order): NextBlock[] {
    const conditions: NextBlock[] = [];
    const want = (field: Field, values: readonly string[]) => conditions.push(this.#anyOf(field, values, order));
    if (query.type !== undefined) want("type", this.#types(typeof query.type === "string" ? [query.type] : query.type));
    if (query.source !== undefined) want("source", [query.source]);
    if (query.causationId !== undefined) want("causationId", [query.causationId]);
    for (const name of eventIdNames) {
      const id = query[name];
      if (id !== undefined) want(name, [id]);
    }
    if (query.tag !== undefined) {
      for (const tag of typeof query.tag === "string" ? [query.tag] : query.tag) want("tag", [tag]);
    }
    return conditions;
  }

  #anyOf(field: Field, values: readonly string[], order: Order): NextBlock {
    const statement = this.#posting[order];
    return (from) => {
      let best: number | undefined;
      for (const value of values) {
        const found = statement.get(fields[field], value, from)?.block;
        if (found === null || found === undefined) continue;
        const block = integer(found);
        if (best === undefined || (order === "newest" ? block > best : block < best)) best = block;
      }
      return best;
    };
  }

  /** The stored types that the names stand for. */
  #types(names: readonly string[]): readonly string[] {
    if (!names.some((name) => name.includes("*"))) return names;
    const wants = typeMatcher(names);
    const types: string[] = [];
    for (let after = ""; ; ) {
      const value = this.#nextType.get(fields.type, after)?.value;
      if (value === null || value === undefined) return types;
      after = text(value);
      if (wants(after)) types.push(after);
    }
  }
}

/** The next block that all conditions allow: each says which its own next one is, until they are the same. */
function nextAllowed(conditions: readonly NextBlock[], from: number): number | undefined {
  let block = from;
  for (;;) {
    let moved = false;
    for (const next of conditions) {
      const found = next(block);
      if (found === undefined) return undefined;
      if (found !== block) moved = true;
      block = found;
    }
    if (!moved) return block;
  }
}
