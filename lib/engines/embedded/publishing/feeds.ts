import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Appended, Takeover } from "../../../engine/event-log.ts";
import type { BusError } from "../../../error/bus-error.ts";
import { integer, text } from "../storage/rows.ts";
import { type InsertEventDependencies, insertEvent } from "./insert-event.ts";

/** How far parts of other logs have been taken over. */
export class Feeds {
  readonly #dependencies: InsertEventDependencies;
  readonly #position: StatementSync;
  readonly #put: StatementSync;
  readonly #all: StatementSync;

  constructor(db: DatabaseSync, dependencies: InsertEventDependencies) {
    this.#dependencies = dependencies;
    this.#position = db.prepare("SELECT position FROM feeds WHERE name = ?");
    this.#put = db.prepare(
      "INSERT INTO feeds (name, position) VALUES (?, ?) ON CONFLICT DO UPDATE SET position = excluded.position",
    );
    this.#all = db.prepare("SELECT name, position FROM feeds");
  }

  all(): ReadonlyMap<string, number> {
    return new Map(this.#all.all().map((row) => [text(row.name), integer(row.position)]));
  }

  /** Within a transaction; `bodies` are the texts of the entries' events. */
  takeOver(
    { entries, feed, from, to }: Takeover,
    bodies: readonly string[],
    now: number,
  ): readonly (Appended | BusError)[] | undefined {
    const row = this.#position.get(feed);
    if ((row === undefined ? undefined : integer(row.position)) !== from) return undefined;
    const results = entries.map((entry, index) =>
      insertEvent(this.#dependencies, { entry, body: bodies[index] ?? "" }, now),
    );
    this.#put.run(feed, to);
    return results;
  }
}
