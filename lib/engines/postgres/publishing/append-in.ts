import type { Appended, Entry } from "../../../engine/event-log.ts";
import { BusError } from "../../../error/bus-error.ts";
import { mustBe } from "../../../error/must-be.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { storeError } from "../storage/postgres-error.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { appendRequest } from "./append-request.ts";
import { outcomes, parseAppended } from "./append-result.ts";
import type { PostgresTransaction } from "./transactions.ts";

export interface AppendInDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly subscriptionCache: SubscriptionCache;
  now(): number;
}

/** Times that an event is routed, since subscriptions may change each time. */
const triesAtMost = 20;

/**
 * Appends within a transaction of the caller's, which may stay open for long: it waits for nobody and claims nothing; who
 * handles the subscriptions is notified by its commit.
 */
export async function appendIn(dependencies: AppendInDependencies, entry: Entry, tx: unknown): Promise<Appended> {
  const { database, names, subscriptionCache } = dependencies;
  if (!isTransaction(tx)) {
    throw new BusError(
      "invalid_config",
      `${entry.event.type}: tx ${mustBe("a client of pg in a transaction, or what an adapter of wagglebus/postgres gives", tx)}`,
    );
  }
  const group = [{ entry, body: JSON.stringify(entry.event) }];
  for (let tries = 0; tries < triesAtMost; tries += 1) {
    const { epoch, events, slots } = appendRequest(dependencies, group);
    // As texts: libraries differ in how they send a number or JSON.
    const sql = `SELECT ${names.s}.append_in($1::text::bigint, $2::text::json, $3::text::json) AS result`;
    const answer = await run(tx, sql, [String(epoch), events, slots]);
    if (fieldOf(answer, "isolation") === true) throw notReadCommitted(entry);
    const result = parseAppended(answer);
    if (result !== undefined) {
      const [outcome] = outcomes(group, result);
      if (outcome === undefined || outcome instanceof BusError) throw outcome;
      return outcome;
    }
    await subscriptionCache.refresh(database);
  }
  throw new BusError("unavailable", `the subscriptions changed ${triesAtMost} times meanwhile; publish again`);
}

function isTransaction(tx: unknown): tx is PostgresTransaction {
  return typeof tx === "object" && tx !== null && "query" in tx && typeof tx.query === "function";
}

async function run(tx: PostgresTransaction, text: string, values: string[]): Promise<unknown> {
  let result: unknown;
  try {
    result = await tx.query(text, values);
  } catch (thrown) {
    throw storeError(thrown);
  }
  const rows: unknown = Array.isArray(result) ? result : fieldOf(result, "rows");
  const json = fieldOf(Array.isArray(rows) ? rows[0] : undefined, "result");
  if (typeof json === "string") return JSON.parse(json);
  throw new BusError("invalid_config", `tx: its query ${mustBe("a function that gives rows as objects", result)}`);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function notReadCommitted({ event }: Entry): BusError {
  return new BusError(
    "invalid_config",
    `${event.type}: tx must be a transaction with the isolation level "read committed"; with another one, publish after it`,
  );
}
