import type { DatabaseSync, StatementSync } from "node:sqlite";
import { integer } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import type { ConsumerSlots } from "./consumer-slots.ts";
import { noParticipants, type Participant, slotsOf } from "./participants.ts";

/** Milliseconds for which a process keeps its slots where there are fewer of them than processes. */
const turnMs = 50;

export interface FairShareDependencies {
  readonly subscriptionCache: SubscriptionCache;
  readonly consumers: ConsumerSlots;
  /** This process. */
  readonly processId: number;
}

/**
 * Divides a subscription's `concurrency` between processes. Whoever ends a delivery claims the next in the same
 * transaction, so that a process that came later would never find a free slot. An underserved one lists itself with those
 * that hold the slots; from then on each of them claims within its share, until nothing is ready any more.
 */
export class FairShare {
  readonly #dependencies: FairShareDependencies;
  readonly #held: StatementSync;
  readonly #holders: StatementSync;
  /** Where this process was underserved at the last poll: one poll may fall between two deliveries. */
  #suspected = new Set<Subscription>();
  /** Where the next transaction has to list this process. */
  readonly #underserved = new Set<Subscription>();
  /** Since when this process has had slots while others have had none. */
  readonly #turns = new WeakMap<Subscription, number>();

  constructor(db: DatabaseSync, dependencies: FairShareDependencies) {
    this.#dependencies = dependencies;
    this.#held = db.prepare("SELECT count(*) AS count FROM deliveries WHERE sub = ? AND state = 1 AND process_id = ?");
    this.#holders = db.prepare(
      `SELECT process_id, count(*) AS count FROM deliveries WHERE sub = ? AND state = 1 AND process_id <> ?
       GROUP BY process_id`,
    );
  }

  /** How many of a subscription's ready deliveries this process may claim now. */
  room(sub: Subscription): number {
    const room = this.#dependencies.consumers.room(sub);
    if (room === 0 || sub.participants.length === 0) return room;
    const share = this.#share(sub);
    return share === 0 ? 0 : Math.max(0, Math.min(room, share - this.#heldOf(sub)));
  }

  /** From time to time: checks where this process is underserved. True where a transaction has to tell the others. */
  poll(): boolean {
    const before = this.#suspected;
    this.#suspected = new Set();
    try {
      for (const sub of this.#dependencies.subscriptionCache.maybeReady) {
        if (!this.#isUnderserved(sub)) continue;
        this.#suspected.add(sub);
        if (before.has(sub)) this.#underserved.add(sub);
      }
      return this.wanted();
    } catch {
      // It could not be read now; the next poll will tell.
      return false;
    }
  }

  /** Whether a transaction has to change how this process is listed. */
  wanted(): boolean {
    if (this.#underserved.size > 0) return true;
    for (const sub of this.#dependencies.subscriptionCache.maybeReady) if (this.#exceeds(sub)) return true;
    return false;
  }

  /** Within a transaction: lists this process where it is underserved, and gives up what it cannot use. */
  update(now: number): void {
    for (const sub of this.#underserved) if (this.#isUnderserved(sub)) this.#join(sub);
    this.#underserved.clear();
    for (const sub of this.#dependencies.subscriptionCache.maybeReady) {
      if (sub.participants.length === 0) continue;
      if (this.#exceeds(sub)) this.#list(sub, this.#usable(sub));
      this.#takeTurns(sub, now);
    }
  }

  /** Within a transaction: a process that has left the bus is not waited for. */
  leave(processId: number): void {
    if (processId === this.#dependencies.processId) this.#underserved.clear();
    for (const sub of this.#dependencies.subscriptionCache.all()) {
      if (sub.participants.some((participant) => participant.processId === processId)) {
        this.#set(sub, without(sub, processId));
      }
    }
  }

  /** Whether it could take what is ready, and others have all slots, or all but fewer than its share. */
  #isUnderserved(sub: Subscription): boolean {
    const { consumers, subscriptionCache } = this.#dependencies;
    if (sub.depth.ready === 0 || subscriptionCache.byId(sub.id) !== sub || consumers.capacity(sub) === 0) return false;
    if (this.room(sub) > 0) return false;
    const mine = this.#mine(sub);
    if (mine !== undefined) return mine.most < this.#usable(sub);
    if (sub.participants.length > 0) return true;
    const held = this.#heldOf(sub);
    return held < sub.depth.claimed && held < Math.max(1, Math.floor(sub.record.concurrency / 2));
  }

  /** Whether it has a larger share than it can use: its consumers are paused or gone. */
  #exceeds(sub: Subscription): boolean {
    return this.#mine(sub) !== undefined && this.#share(sub) > this.#usable(sub);
  }

  #join(sub: Subscription): void {
    const most = this.#usable(sub);
    if (sub.participants.length > 0) {
      this.#list(sub, most);
      return;
    }
    const { processId } = this.#dependencies;
    const rows = this.#holders.all(sub.id, processId);
    const holders = rows.map((row) => ({ processId: integer(row.process_id), most: integer(row.count) }));
    this.#set(sub, [...holders, { processId, most }]);
  }

  #list(sub: Subscription, most: number): void {
    const { processId } = this.#dependencies;
    const mine = { processId, most };
    if (most === 0) this.#set(sub, without(sub, processId));
    else if (this.#mine(sub) === undefined) this.#set(sub, [...sub.participants, mine]);
    else this.#set(sub, replaced(sub, mine));
  }

  /** Where there are more processes than slots, those listed first have them; one that had its turn goes to the end. */
  #takeTurns(sub: Subscription, now: number): void {
    const mine = this.#mine(sub);
    if (mine === undefined || sub.participants.length <= sub.record.concurrency || this.#share(sub) === 0) {
      this.#turns.delete(sub);
      return;
    }
    const since = this.#turns.get(sub);
    if (since === undefined) this.#turns.set(sub, now);
    // A clock that was set back must not make a turn longer.
    else if (Math.abs(now - since) >= turnMs) {
      this.#turns.delete(sub);
      this.#set(sub, [...without(sub, mine.processId), mine]);
    }
  }

  #set(sub: Subscription, participants: readonly Participant[]): void {
    this.#dependencies.subscriptionCache.touch(sub);
    // One alone has nobody to share with.
    sub.participants = participants.length < 2 ? noParticipants : participants;
  }

  #mine(sub: Subscription): Participant | undefined {
    return sub.participants.find(({ processId }) => processId === this.#dependencies.processId);
  }

  #share(sub: Subscription): number {
    return slotsOf(sub.record.concurrency, sub.participants, this.#dependencies.processId);
  }

  #usable(sub: Subscription): number {
    const { consumers } = this.#dependencies;
    return Math.min(sub.record.concurrency, this.#heldOf(sub) + consumers.capacity(sub));
  }

  #heldOf(sub: Subscription): number {
    return integer(this.#held.get(sub.id, this.#dependencies.processId)?.count);
  }
}

function without(sub: Subscription, processId: number): Participant[] {
  return sub.participants.filter((participant) => participant.processId !== processId);
}

function replaced(sub: Subscription, by: Participant): Participant[] {
  return sub.participants.map((participant) => (participant.processId === by.processId ? by : participant));
}
