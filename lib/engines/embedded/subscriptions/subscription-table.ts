import type { DatabaseSync, StatementSync } from "node:sqlite";
import { changedSettings } from "../../../subscription/changed-settings.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { Reordering } from "../deliveries/reordering.ts";
import { integer, optionalInteger } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "./subscription-cache.ts";

/** From where a subscription that starts in the past is filled. */
export interface Start {
  /** The last event that it does not get. */
  readonly after: number;
}

/** The table of the subscriptions; every change runs within a transaction. */
export class SubscriptionTable {
  readonly #subscriptionCache: SubscriptionCache;
  readonly #reordering: Reordering;
  readonly #insert: StatementSync;
  readonly #insertDepth: StatementSync;
  readonly #update: StatementSync;
  readonly #setPaused: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteDepth: StatementSync;
  readonly #markForDeletion: StatementSync;
  readonly #filledTo: StatementSync;
  readonly #setFilledTo: StatementSync;
  readonly #goLive: StatementSync;
  readonly #lowest: StatementSync;

  constructor(db: DatabaseSync, subscriptionCache: SubscriptionCache, reordering: Reordering) {
    this.#subscriptionCache = subscriptionCache;
    this.#reordering = reordering;
    this.#insert = db.prepare(
      "INSERT INTO subscriptions (name, record, process_id, backfill, live_from, epoch) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
    );
    this.#insertDepth = db.prepare("INSERT INTO depths VALUES (?, 0, 0, 0, 0, NULL, 0)");
    this.#update = db.prepare("UPDATE subscriptions SET record = ?, epoch = ? WHERE id = ?");
    this.#setPaused = db.prepare("UPDATE subscriptions SET paused = ?, epoch = ? WHERE id = ?");
    this.#delete = db.prepare("DELETE FROM subscriptions WHERE id = ?");
    this.#deleteDepth = db.prepare("DELETE FROM depths WHERE sub = ?");
    this.#markForDeletion = db.prepare("INSERT INTO pending_deletions (sub) VALUES (?)");
    this.#filledTo = db.prepare("SELECT backfill FROM subscriptions WHERE id = ?");
    this.#setFilledTo = db.prepare("UPDATE subscriptions SET backfill = ? WHERE id = ?");
    this.#goLive = db.prepare("UPDATE subscriptions SET backfill = NULL, epoch = ? WHERE id = ?");
    this.#lowest = db.prepare("SELECT min(backfill) AS lowest FROM subscriptions WHERE backfill IS NOT NULL");
  }

  create(record: SubscriptionRecord, processId: number | undefined, start: Start | undefined): void {
    const subscriptionCache = this.#subscriptionCache;
    subscriptionCache.changed((epoch) => {
      const row = this.#insert.get(
        record.name,
        JSON.stringify(record),
        processId ?? null,
        start?.after ?? null,
        subscriptionCache.lastSeq,
        epoch,
      );
      this.#insertDepth.run(integer(row?.id));
    });
  }

  /** Gives the names of the settings that differ; where it starts is not one of them, since it has started. */
  change(sub: Subscription, record: SubscriptionRecord): string[] {
    const changed = changedSettings(sub.record, record);
    if (changed.length > 0) {
      this.#subscriptionCache.changed((epoch) => this.#update.run(JSON.stringify(record), epoch, sub.id));
      if (changed.includes("ordered")) this.#reordering.reorder(sub);
    }
    return changed;
  }

  /** Returns whether that changes something. */
  setPaused(sub: Subscription, paused: boolean): boolean {
    if (sub.paused === paused) return false;
    this.#subscriptionCache.changed((epoch) => this.#setPaused.run(paused ? 1 : null, epoch, sub.id));
    return true;
  }

  /** What it had not delivered is deleted afterwards, in steps. */
  delete(sub: Subscription): void {
    this.#subscriptionCache.changed(
      () => {
        this.#delete.run(sub.id);
        this.#deleteDepth.run(sub.id);
        this.#markForDeletion.run(sub.id);
      },
      { deletes: true },
    );
  }

  /** The position up to which a subscription is filled; undefined where it is live. */
  filledTo(sub: Subscription): number | undefined {
    return optionalInteger(this.#filledTo.get(sub.id)?.backfill);
  }

  /** The same of the one that is least filled. */
  lowestFilledTo(): number | undefined {
    return optionalInteger(this.#lowest.get()?.lowest);
  }

  setFilledTo(sub: Subscription, position: number): void {
    this.#setFilledTo.run(position, sub.id);
  }

  goLive(sub: Subscription): void {
    this.#subscriptionCache.changed((epoch) => this.#goLive.run(epoch, sub.id));
  }
}
