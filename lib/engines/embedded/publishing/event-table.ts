import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Event } from "../../../event/event.ts";
import { Postings } from "../history/postings.ts";
import { integer, optionalText, parseEvent, text } from "../storage/rows.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { RecentEvents } from "./recent-events.ts";
import { Totals } from "./totals.ts";

/** Where an event is stored. */
export interface EventLocation {
  /** Its position in the order of acceptance. */
  readonly seq: number;
  /** Whether it is in history, or only kept until it is delivered. */
  readonly history: boolean;
}

/** An event as it is stored. */
export interface StoredEvent extends EventLocation {
  readonly event: Event;
  /** Milliseconds since 1970. */
  readonly acceptedAt: number;
}

/** What is known of an id that is not stored any more. */
export interface SeenId {
  /** Of an event that was never in history: its content, to tell a duplicate from a conflict. */
  readonly digest: string | undefined;
  /** Subscriptions in which the event has succeeded. */
  readonly subscriptions: ReadonlySet<number>;
}

/** The table of events and what is kept to find them. */
export class EventTable {
  readonly #subscriptionCache: SubscriptionCache;
  readonly #postings: Postings;
  readonly #totals: Totals;
  readonly #recent = new RecentEvents();
  /** Of the cache when events were last remembered: a process that changes stored events makes a new epoch. */
  #epoch = 0;
  readonly #insert: StatementSync;
  readonly #byId: StatementSync;
  readonly #bySeq: StatementSync;
  readonly #locate: StatementSync;
  readonly #raw: StatementSync;
  readonly #insertTransient: StatementSync;
  readonly #release: StatementSync;
  readonly #deleteTransient: StatementSync;
  readonly #delete: StatementSync;
  readonly #seen: StatementSync;
  readonly #remember: StatementSync;
  readonly #replace: StatementSync;

  constructor(db: DatabaseSync, subscriptionCache: SubscriptionCache) {
    this.#subscriptionCache = subscriptionCache;
    this.#postings = new Postings(db);
    this.#totals = new Totals(db);
    this.#insert = db.prepare(
      "INSERT INTO events (seq, id, flow, accepted, history, body, own) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#byId = db.prepare("SELECT seq, body, accepted, history FROM events WHERE id = ?");
    this.#bySeq = db.prepare("SELECT seq, body, accepted, history FROM events WHERE seq = ?");
    this.#locate = db.prepare("SELECT seq, history FROM events WHERE id = ?");
    this.#raw = db.prepare("SELECT id, body FROM events WHERE seq = ?");
    this.#insertTransient = db.prepare(
      "INSERT INTO transients (seq, remaining) VALUES (?, ?) ON CONFLICT DO UPDATE SET remaining = remaining + excluded.remaining",
    );
    this.#release = db.prepare("UPDATE transients SET remaining = remaining - 1 WHERE seq = ? RETURNING remaining");
    this.#deleteTransient = db.prepare("DELETE FROM transients WHERE seq = ?");
    this.#delete = db.prepare("DELETE FROM events WHERE seq = ?");
    this.#seen = db.prepare("SELECT sub, digest FROM seen WHERE id = ? AND until > ?");
    this.#replace = db.prepare("UPDATE events SET body = ? WHERE seq = ?");
    this.#remember = db.prepare(
      "INSERT INTO seen (id, sub, until, digest) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET until = excluded.until, digest = excluded.digest",
    );
  }

  /** Stores an event of history; gives its position. `ownId`: the publisher gave its id. */
  insert(event: Event, body: string, acceptedAt: number, ownId: boolean): number {
    const seq = this.#put(event, body, acceptedAt, 1, ownId ? 1 : 0);
    this.#postings.add(seq, event);
    this.#totals.add(seq, event, acceptedAt);
    return seq;
  }

  /** Stores an event outside of history until `deliveries` of it have ended; gives its position. */
  insertTransient(event: Event, body: string, acceptedAt: number, deliveries: number): number {
    const seq = this.#put(event, body, acceptedAt, 0, null);
    this.#insertTransient.run(seq, deliveries);
    return seq;
  }

  /** A further delivery needs an event that is outside of history. */
  holdTransient(seq: number): void {
    this.#insertTransient.run(seq, 1);
  }

  /** A delivery of an event outside of history has ended; the last one takes the event with it. */
  releaseTransient(seq: number): void {
    const row = this.#release.get(seq);
    if (row === undefined || integer(row.remaining) > 0) return;
    this.#deleteTransient.run(seq);
    this.#delete.run(seq);
  }

  byId(id: string): StoredEvent | undefined {
    const row = this.#byId.get(id);
    return row === undefined ? undefined : this.#stored(row);
  }

  /** Throws where it cannot be read. */
  bySeq(seq: number): StoredEvent | undefined {
    const row = this.#bySeq.get(seq);
    return row === undefined ? undefined : this.#stored(row);
  }

  /** Where an event is stored, without reading it. */
  locate(id: string): EventLocation | undefined {
    const row = this.#locate.get(id);
    return row === undefined ? undefined : { seq: integer(row.seq), history: integer(row.history) === 1 };
  }

  /** Undefined where it is not there or cannot be read. */
  readable(seq: number): StoredEvent | undefined {
    try {
      return this.bySeq(seq);
    } catch {
      return undefined;
    }
  }

  /** The text of a stored event that cannot be read. */
  raw(seq: number): { id: string; body: string } | undefined {
    const row = this.#raw.get(seq);
    return row === undefined ? undefined : { id: text(row.id), body: String(row.body) };
  }

  /** What is still known of an id; undefined where nothing is. */
  seen(id: string, now: number): SeenId | undefined {
    const rows = this.#seen.all(id, now);
    if (rows.length === 0) return undefined;
    return {
      digest: rows.map((row) => optionalText(row.digest)).find((digest) => digest !== undefined),
      subscriptions: new Set(rows.map((row) => integer(row.sub))),
    };
  }

  /** Remembers an id in a subscription, or with subscription 0 and its content for the publish itself. */
  remember(id: string, sub: number, until: number, digest: string | null): void {
    this.#remember.run(id, sub, until, digest);
  }

  /** Before the end of the transaction: writes what it has summed up; gives the counts to be kept in `meta`, null for no change. */
  write(): string | null {
    return this.#totals.write();
  }

  /** Within a transaction, before rows of sums are changed: what is summed up elsewhere becomes such rows. */
  settleTotals(): void {
    this.#totals.settle();
  }

  /** After a rollback. */
  forget(): void {
    this.#totals.forget();
    this.#postings.forget();
    this.#recent.clear();
  }

  /** Before rows of postings are deleted. */
  forgetPostings(): void {
    this.#postings.forget();
  }

  /** Where another process may have written: what is known of rows need not hold. */
  forgetWritten(): void {
    this.#postings.forget();
    this.#totals.forget();
  }

  /** Within a transaction: puts what `change` makes of each event with one of the ids in its place. */
  replace(ids: readonly string[], change: (event: Event) => Event): void {
    for (const id of ids) {
      const row = this.#byId.get(id);
      if (row !== undefined) this.#replace.run(JSON.stringify(change(parseEvent(row.body))), integer(row.seq));
    }
    this.#recent.clear();
    this.#subscriptionCache.changed(() => {});
  }

  #recentEvents(): RecentEvents {
    const { epoch } = this.#subscriptionCache;
    if (epoch !== this.#epoch) this.#recent.clear();
    this.#epoch = epoch;
    return this.#recent;
  }

  #put(event: Event, body: string, acceptedAt: number, history: 0 | 1, own: 0 | 1 | null): number {
    const seq = this.#subscriptionCache.lastSeq + 1;
    const { correlationId } = event.metadata;
    this.#insert.run(seq, event.id, correlationId === event.id ? null : correlationId, acceptedAt, history, body, own);
    this.#subscriptionCache.lastSeq = seq;
    this.#recentEvents().keep(seq, event, body.length);
    return seq;
  }

  #stored(row: Readonly<Record<string, unknown>>): StoredEvent {
    const seq = integer(row.seq);
    const body = text(row.body);
    const recent = this.#recentEvents();
    let event = recent.get(seq);
    if (event === undefined) {
      event = parseEvent(body);
      recent.keep(seq, event, body.length);
    }
    return { seq, event, acceptedAt: integer(row.accepted), history: integer(row.history) === 1 };
  }
}
