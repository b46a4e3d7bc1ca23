import type { DatabaseSync, StatementSync } from "node:sqlite";
import * as z from "zod";
import { readStored } from "../../../engine/stored.ts";
import { lazy } from "../../../event/lazy.ts";
import { brokenRow, text } from "../storage/rows.ts";

export const minuteMs = 60_000;

export function minuteOf(at: number): number {
  return Math.floor(at / minuteMs);
}

/** Characters of counts that are kept in `meta`: its row must not outgrow a page. */
const openLimit = 500;

/** As `meta` keeps the counts of the last minute. */
const openSchema = lazy(() => z.object({ minute: z.number(), counts: z.record(z.string(), z.number()) }));

/**
 * How many events of a type a minute had. The counts of the last minute are kept in the row of `meta`, which each transaction
 * writes anyway: a row of their own would cost a small one a further page.
 */
export class MinuteCounts {
  readonly #insert: StatementSync;
  readonly #readOpen: StatementSync;
  readonly #endOpen: StatementSync;
  /** Of the running transaction. */
  #minute = 0;
  readonly #added = new Map<string, number>();
  /** What `meta` has; undefined where that is not known. */
  #open: { minute: number; readonly counts: Map<string, number> } | undefined;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      "INSERT INTO stats (minute, type, count) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
    );
    this.#readOpen = db.prepare("SELECT stats FROM meta");
    this.#endOpen = db.prepare("UPDATE meta SET stats = NULL");
  }

  /** `acceptedAt` is the same for all of a transaction, unless it takes over what another log has accepted. */
  add(type: string, acceptedAt: number): void {
    const minute = minuteOf(acceptedAt);
    if (minute !== this.#minute) {
      this.#insertRows({ minute: this.#minute, counts: this.#added });
      this.#added.clear();
      this.#minute = minute;
    }
    this.#added.set(type, (this.#added.get(type) ?? 0) + 1);
  }

  /** Before the end of the transaction: gives what is to be kept in `meta`; null where that is as it was. */
  write(): string | null {
    if (this.#added.size === 0) return null;
    let open = this.#open ?? this.#read();
    if (open.minute !== this.#minute) {
      this.#insertRows(open);
      open = { minute: this.#minute, counts: new Map() };
    }
    for (const [type, count] of this.#added) open.counts.set(type, (open.counts.get(type) ?? 0) + count);
    this.#added.clear();
    this.#open = open;
    const json = JSON.stringify({ minute: open.minute, counts: Object.fromEntries(open.counts) });
    if (json.length <= openLimit) return json;
    this.#insertRows(open);
    this.#open = { minute: open.minute, counts: new Map() };
    return JSON.stringify({ minute: open.minute, counts: {} });
  }

  /** Within a transaction, before rows are changed in another way: all counts become rows. */
  settle(): void {
    this.#insertRows(this.#read());
    this.#endOpen.run();
    this.#open = undefined;
  }

  /** After a rollback, and where another process may have written. */
  forget(): void {
    this.#added.clear();
    this.#open = undefined;
  }

  #read(): { minute: number; counts: Map<string, number> } {
    const stored = this.#readOpen.get()?.stats;
    if (stored === null || stored === undefined) return { minute: this.#minute, counts: new Map() };
    const { minute, counts } = readStored(openSchema(), text(stored), "a list of counts", brokenRow);
    return { minute, counts: new Map(Object.entries(counts)) };
  }

  #insertRows({ minute, counts }: { minute: number; counts: ReadonlyMap<string, number> }): void {
    for (const [type, count] of counts) this.#insert.run(minute, type, count);
  }
}
