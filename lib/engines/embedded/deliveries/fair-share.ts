import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integer } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import { allotment, nobody, type Participant } from "./participants.ts";

/** Milliseconds for which a process keeps its slots where there are fewer of them than processes. */
const turnMs = 50;

export interface FairShareDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly consumers: ConsumerSlots;
  /** This process. */
  readonly owner: number;
}

/**
 * FairShare out a subscription's `concurrency` between processes. Whoever ends a delivery claims the next in the same
 * transaction, so a process that came later would never find a slot free. One that starves lists itself with those that
 * hold the slots; from then on each of them claims within its share, until nothing is ready any more.
 */
export class FairShare {
  readonly #host: FairShareDependencies;
  readonly #held: StatementSync;
  readonly #holders: StatementSync;
  /** What starved at the last look: one look may fall into the moment between two deliveries. */
  #waitingForSlots = new Set<Subscription>();
  /** Where this process is to be listed by the next transaction. */
  readonly #underserved = new Set<Subscription>();
  /** Since when this process has had slots of which others have none. */
  readonly #turns = new WeakMap<Subscription, number>();

  constructor(db: DatabaseSync, host: FairShareDependencies) {
    this.#host = host;
    this.#held = db.prepare("SELECT count(*) AS count FROM deliveries WHERE sub = ? AND state = 1 AND owner = ?");
    this.#holders = db.prepare(
      "SELECT owner, count(*) AS count FROM deliveries WHERE sub = ? AND state = 1 AND owner <> ? GROUP BY owner",
    );
  }

  /** How many of a subscription's ready deliveries this process may claim now. */
  room(sub: Subscription): number {
    const room = this.#host.consumers.room(sub);
    if (room === 0 || sub.sharers.length === 0) return room;
    const share = this.#share(sub);
    return share === 0 ? 0 : Math.max(0, Math.min(room, share - this.#heldOf(sub)));
  }

  /** From time to time: looks which subscriptions this process starves on. True where a transaction has to tell that. */
  look(): boolean {
    const before = this.#waitingForSlots;
    this.#waitingForSlots = new Set();
    try {
      for (const sub of this.#host.subscriptionCache.maybeReady) {
        if (!this.#isUnderserved(sub)) continue;
        this.#waitingForSlots.add(sub);
        if (before.has(sub)) this.#underserved.add(sub);
      }
      return this.wanted();
    } catch {
      // It could not be read now; the next look will tell.
      return false;
    }
  }

  /** Whether a transaction has to change what this process is listed with. */
  wanted(): boolean {
    if (this.#underserved.size > 0) return true;
    for (const sub of this.#host.subscriptionCache.maybeReady) if (this.#exceeds(sub)) return true;
    return false;
  }

  /** Within a transaction: lists this process where it starves, and lets go what it cannot use. */
  update(now: number): void {
    for (const sub of this.#underserved) if (this.#isUnderserved(sub)) this.#join(sub);
    this.#underserved.clear();
    for (const sub of this.#host.subscriptionCache.maybeReady) {
      if (sub.sharers.length === 0) continue;
      if (this.#exceeds(sub)) this.#list(sub, this.#usable(sub));
      this.#takeTurns(sub, now);
    }
  }

  /** Within a transaction: a process that has no more to do with the bus is not waited for. */
  leave(owner: number): void {
    if (owner === this.#host.owner) this.#underserved.clear();
    for (const sub of this.#host.subscriptionCache.all()) {
      if (sub.sharers.some((participant) => participant.owner === owner)) this.#set(sub, without(sub, owner));
    }
  }

  /** Whether it could take what is ready, and others have all slots, or all but fewer than its share. */
  #isUnderserved(sub: Subscription): boolean {
    const { consumers, subscriptionCache } = this.#host;
    if (sub.depth.ready === 0 || subscriptionCache.byId(sub.id) !== sub || consumers.free(sub) === 0) return false;
    if (this.room(sub) > 0) return false;
    const mine = this.#mine(sub);
    if (mine !== undefined) return mine.most < this.#usable(sub);
    if (sub.sharers.length > 0) return true;
    const held = this.#heldOf(sub);
    return held < sub.depth.claimed && held < Math.max(1, Math.floor(sub.record.concurrency / 2));
  }

  /** Whether it has a larger share than it can use: it is paused or detached. */
  #exceeds(sub: Subscription): boolean {
    return this.#mine(sub) !== undefined && this.#share(sub) > this.#usable(sub);
  }

  #join(sub: Subscription): void {
    const most = this.#usable(sub);
    if (sub.sharers.length > 0) {
      this.#list(sub, most);
      return;
    }
    const { owner } = this.#host;
    const rows = this.#holders.all(sub.id, owner);
    const holders = rows.map((row) => ({ owner: integer(row.owner), most: integer(row.count) }));
    this.#set(sub, [...holders, { owner, most }]);
  }

  #list(sub: Subscription, most: number): void {
    const { owner } = this.#host;
    if (most === 0) this.#set(sub, without(sub, owner));
    else if (this.#mine(sub) === undefined) this.#set(sub, [...sub.sharers, { owner, most }]);
    else
      this.#set(
        sub,
        sub.sharers.map((participant) => (participant.owner === owner ? { owner, most } : participant)),
      );
  }

  /** Where there are more processes than slots, those listed first have them; one that had its turn goes to the end. */
  #takeTurns(sub: Subscription, now: number): void {
    const mine = this.#mine(sub);
    if (mine === undefined || sub.sharers.length <= sub.record.concurrency || this.#share(sub) === 0) {
      this.#turns.delete(sub);
      return;
    }
    const since = this.#turns.get(sub);
    if (since === undefined) this.#turns.set(sub, now);
    // A clock that was set back must not make a turn longer.
    else if (Math.abs(now - since) >= turnMs) {
      this.#turns.delete(sub);
      this.#set(sub, [...without(sub, mine.owner), mine]);
    }
  }

  #set(sub: Subscription, sharers: readonly Participant[]): void {
    this.#host.subscriptionCache.touch(sub);
    // One alone has nobody to share with.
    sub.sharers = sharers.length < 2 ? nobody : sharers;
  }

  #mine(sub: Subscription): Participant | undefined {
    return sub.sharers.find(({ owner }) => owner === this.#host.owner);
  }

  #share(sub: Subscription): number {
    return allotment(sub.record.concurrency, sub.sharers, this.#host.owner);
  }

  #usable(sub: Subscription): number {
    return Math.min(sub.record.concurrency, this.#heldOf(sub) + this.#host.consumers.free(sub));
  }

  #heldOf(sub: Subscription): number {
    return integer(this.#held.get(sub.id, this.#host.owner)?.count);
  }
}

function without(sub: Subscription, owner: number): Participant[] {
  return sub.sharers.filter((participant) => participant.owner !== owner);
}
