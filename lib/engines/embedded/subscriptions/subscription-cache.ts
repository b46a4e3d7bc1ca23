import type { DatabaseSync, StatementSync } from "node:sqlite";
import { Router } from "../../../delivery/router.ts";
import type { Event } from "../../../event/event.ts";
import { orderedKey } from "../../../subscription/index.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import { noParticipants, type Participant, parseParticipants, participantsColumn } from "../deliveries/participants.ts";
import { integer, optionalInteger, optionalText, parseRecord } from "../storage/rows.ts";

/** How many deliveries of a subscription are in each state. */
export interface Depth {
  ready: number;
  claimed: number;
  delayed: number;
  blocked: number;
}

/** A subscription as this process last saw it. The object stays the same while the subscription exists. */
export interface Subscription {
  readonly id: number;
  record: SubscriptionRecord;
  /** The process that it ends with, where it is ephemeral. */
  processId: number | undefined;
  /** Whether it is still being filled from history: then the backfill gives it its deliveries, and not the publisher. */
  filling: boolean;
  /** Whether it is paused for all processes. */
  paused: boolean;
  /** The last event that was accepted before it was made. */
  liveFrom: number;
  keyOf: ((event: Event) => string) | undefined;
  readonly depth: Depth;
  /** The processes that share its slots; none where whoever comes first may have them. */
  participants: readonly Participant[];
  /** Whether `depth` or `participants` may have changed within the transaction. */
  dirty: boolean;
  /** What its row of `depths` has. */
  readonly stored: Depth & { participants: readonly Participant[] };
}

/** What is kept in `meta` until it becomes rows. */
export interface KeptInMeta {
  /** The counts of the last minute; null where they are as they were. */
  readonly stats: string | null;
  /** Records of outcomes to be added. */
  readonly outcomes: string;
}

const noSubscriptions: readonly Subscription[] = [];

/**
 * What this process remembers of the file between its transactions: the subscriptions, their depths, the last sequence
 * number. `refresh` reads what other processes have changed since.
 */
export class SubscriptionCache {
  lastSeq = 0;
  /** Subscriptions that may have ready deliveries; whoever finds that one has none removes it. */
  readonly maybeReady = new Set<Subscription>();
  /** How often another process was found to have written. */
  externalChanges = 0;
  #epoch = 0;
  #deletions = 0;
  /** The state of the file that is remembered; below 0 where nothing is to be trusted. */
  #changes = 0;
  readonly #byId = new Map<number, Subscription>();
  readonly #byName = new Map<string, Subscription>();
  readonly #touched: Subscription[] = [];
  /** Made when the first event is routed: a process that publishes nothing does without it. */
  #router: Router | undefined;
  /** Subscriptions by the array that the router returns, which it does not change. */
  readonly #routes = new WeakMap<readonly SubscriptionRecord[], readonly Subscription[]>();
  readonly #readChanges: StatementSync;
  readonly #readMeta: StatementSync;
  readonly #writeMeta: StatementSync;
  readonly #readDepths: StatementSync;
  readonly #writeDepth: StatementSync;
  readonly #readSubscriptions: StatementSync;
  readonly #readIds: StatementSync;

  constructor(db: DatabaseSync) {
    this.#readChanges = db.prepare("SELECT changes FROM meta");
    this.#readMeta = db.prepare("SELECT changes, epoch, deletions, last_seq FROM meta");
    this.#writeMeta = db.prepare(
      `UPDATE meta SET changes = ?, epoch = ?, deletions = ?, last_seq = ?, stats = coalesce(?, stats),
         outcomes = outcomes || ?`,
    );
    this.#readDepths = db.prepare(
      "SELECT sub, ready, claimed, delayed, blocked, participants FROM depths WHERE changes > ?",
    );
    this.#writeDepth = db.prepare(
      "UPDATE depths SET ready = ?, claimed = ?, delayed = ?, blocked = ?, participants = ?, changes = ? WHERE sub = ?",
    );
    this.#readSubscriptions = db.prepare(
      "SELECT id, record, process_id, backfill, live_from, paused FROM subscriptions WHERE epoch > ? ORDER BY id",
    );
    this.#readIds = db.prepare("SELECT id FROM subscriptions");
  }

  /** Changes with the settings of subscriptions, and where stored events were changed. */
  get epoch(): number {
    return this.#epoch;
  }

  all(): Iterable<Subscription> {
    return this.#byId.values();
  }
  byId(id: number): Subscription | undefined {
    return this.#byId.get(id);
  }
  byName(name: string): Subscription | undefined {
    return this.#byName.get(name);
  }

  /** The subscriptions that an event goes to; the array is shared. */
  route(event: Event): readonly Subscription[] {
    this.#router ??= new Router([...this.#byId.values()].map(({ record }) => record));
    const records = this.#router.route(event);
    if (records.length === 0) return noSubscriptions;
    let subs = this.#routes.get(records);
    if (subs === undefined) {
      subs = records.flatMap((record) => this.#byName.get(record.name) ?? []);
      this.#routes.set(records, subs);
    }
    return subs;
  }

  /** Brings what is remembered up to date; true where another process had changed something. */
  refresh(): boolean {
    if (this.#readChanges.get()?.changes === this.#changes) return false;
    const meta = this.#readMeta.get();
    const changes = integer(meta?.changes);
    this.lastSeq = integer(meta?.last_seq);
    const epoch = integer(meta?.epoch);
    if (epoch !== this.#epoch) {
      this.#readChanged(integer(meta?.deletions));
      this.#epoch = epoch;
    }
    for (const row of this.#readDepths.all(this.#changes)) {
      const sub = this.#byId.get(integer(row.sub));
      if (sub === undefined) continue;
      this.maybeReady.add(sub);
      const { depth } = sub;
      depth.ready = integer(row.ready);
      depth.claimed = integer(row.claimed);
      depth.delayed = integer(row.delayed);
      depth.blocked = integer(row.blocked);
      sub.participants = parseParticipants(optionalText(row.participants));
      keepStored(sub);
    }
    this.#changes = changes;
    this.externalChanges += 1;
    return true;
  }

  /** Has the depth of a subscription written with the transaction. */
  touch(sub: Subscription): Depth {
    if (!sub.dirty) {
      sub.dirty = true;
      this.#touched.push(sub);
      this.maybeReady.add(sub);
    }
    return sub.depth;
  }

  /** The epoch for rows of subscriptions that this transaction changes; reads them back. `deletes`: it deleted one. */
  changed(write: (epoch: number) => void, options: { deletes: boolean } = { deletes: false }): void {
    write(this.#epoch + 1);
    this.#readChanged(this.#deletions + (options.deletes ? 1 : 0));
    this.#epoch += 1;
  }

  /** Writes what the transaction has changed, with what else its row of `meta` is to keep; its last act. */
  write({ outcomes, stats }: KeptInMeta): void {
    const changes = this.#changes + 1;
    for (const sub of this.#touched.splice(0)) {
      sub.dirty = false;
      const { ready, claimed, delayed, blocked } = sub.depth;
      // Once nothing is ready no process is underserved, and those that go on need not know of each other.
      if (ready === 0) sub.participants = noParticipants;
      // A process that claims as much as it ends leaves the row as it is.
      if (isStored(sub)) continue;
      this.#writeDepth.run(ready, claimed, delayed, blocked, participantsColumn(sub.participants), changes, sub.id);
      keepStored(sub);
    }
    this.#writeMeta.run(changes, this.#epoch, this.#deletions, this.lastSeq, stats, outcomes);
    this.#changes = changes;
  }

  /** After a rollback: nothing that is remembered need hold. */
  forget(): void {
    for (const sub of this.#touched.splice(0)) sub.dirty = false;
    // Below that of a row that was never written to since it was made.
    this.#changes = -1;
    this.#epoch = 0;
    this.#deletions = -1;
  }

  #readChanged(deletions: number): void {
    for (const row of this.#readSubscriptions.all(this.#epoch)) {
      const id = integer(row.id);
      const record = parseRecord(row.record);
      const sub: Subscription = this.#byId.get(id) ?? {
        id,
        record,
        processId: undefined,
        filling: false,
        paused: false,
        liveFrom: 0,
        keyOf: undefined,
        depth: { ready: 0, claimed: 0, delayed: 0, blocked: 0 },
        participants: noParticipants,
        dirty: false,
        stored: { ready: 0, claimed: 0, delayed: 0, blocked: 0, participants: noParticipants },
      };
      sub.record = record;
      sub.processId = optionalInteger(row.process_id);
      sub.filling = optionalInteger(row.backfill) !== undefined;
      sub.paused = row.paused === 1;
      sub.liveFrom = integer(row.live_from);
      sub.keyOf = record.ordered === undefined ? undefined : orderedKey(record.ordered);
      this.#byId.set(id, sub);
      this.#byName.set(record.name, sub);
      this.#router?.set(record);
    }
    if (deletions !== this.#deletions) {
      this.#deletions = deletions;
      const ids = new Set(this.#readIds.all().map((row) => integer(row.id)));
      for (const sub of [...this.#byId.values()]) {
        if (ids.has(sub.id)) continue;
        this.#byId.delete(sub.id);
        // The name may have been taken by a new one since.
        if (this.#byName.get(sub.record.name) !== sub) continue;
        this.#byName.delete(sub.record.name);
        this.#router?.delete(sub.record.name);
      }
    }
  }
}

function isStored({ depth, participants, stored }: Subscription): boolean {
  return (
    stored.claimed === depth.claimed &&
    stored.ready === depth.ready &&
    stored.delayed === depth.delayed &&
    stored.blocked === depth.blocked &&
    stored.participants === participants
  );
}

function keepStored({ depth, participants, stored }: Subscription): void {
  stored.ready = depth.ready;
  stored.claimed = depth.claimed;
  stored.delayed = depth.delayed;
  stored.blocked = depth.blocked;
  stored.participants = participants;
}
