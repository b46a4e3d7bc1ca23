import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Consumers } from "./consumers.ts";
import type { Registry, Subscription } from "./registry.ts";
import { integer } from "./rows.ts";
import { allotment, nobody, type Sharer } from "./sharers.ts";

/** Milliseconds for which a process keeps its slots where there are fewer of them than processes. */
const turnMs = 50;

export interface SharesHost {
  readonly registry: Registry;
  readonly consumers: Consumers;
  /** This process. */
  readonly owner: number;
}

/**
 * Shares out a subscription's `concurrency` between processes. Whoever ends a delivery claims the next in the same
 * transaction, so a process that came later would never find a slot free. One that starves lists itself with those that
 * hold the slots; from then on each of them claims within its share, until nothing is ready any more.
 */
export class Shares {
  readonly #host: SharesHost;
  readonly #held: StatementSync;
  readonly #holders: StatementSync;
  /** What starved at the last look: one look may fall into the moment between two deliveries. */
  #starving = new Set<Subscription>();
  /** Where this process is to be listed by the next transaction. */
  readonly #hungry = new Set<Subscription>();
  /** Since when this process has had slots of which others have none. */
  readonly #turns = new WeakMap<Subscription, number>();

  constructor(db: DatabaseSync, host: SharesHost) {
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
    const before = this.#starving;
    this.#starving = new Set();
    try {
      for (const sub of this.#host.registry.maybeReady) {
        if (!this.#starves(sub)) continue;
        this.#starving.add(sub);
        if (before.has(sub)) this.#hungry.add(sub);
      }
      return this.wanted();
    } catch {
      // It could not be read now; the next look will tell.
      return false;
    }
  }

  /** Whether a transaction has to change what this process is listed with. */
  wanted(): boolean {
    if (this.#hungry.size > 0) return true;
    for (const sub of this.#host.registry.maybeReady) if (this.#exceeds(sub)) return true;
    return false;
  }

  /** Within a transaction: lists this process where it starves, and lets go what it cannot use. */
  update(now: number): void {
    for (const sub of this.#hungry) if (this.#starves(sub)) this.#join(sub);
    this.#hungry.clear();
    for (const sub of this.#host.registry.maybeReady) {
      if (sub.sharers.length === 0) continue;
      if (this.#exceeds(sub)) this.#list(sub, this.#usable(sub));
      this.#takeTurns(sub, now);
    }
  }

  /** Within a transaction: a process that has no more to do with the bus is not waited for. */
  leave(owner: number): void {
    if (owner === this.#host.owner) this.#hungry.clear();
    for (const sub of this.#host.registry.all()) {
      if (sub.sharers.some((sharer) => sharer.owner === owner)) this.#set(sub, without(sub, owner));
    }
  }

  /** Whether it could take what is ready, and others have all slots, or all but fewer than its share. */
  #starves(sub: Subscription): boolean {
    const { consumers, registry } = this.#host;
    if (sub.depth.ready === 0 || registry.byId(sub.id) !== sub || consumers.free(sub) === 0) return false;
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
        sub.sharers.map((sharer) => (sharer.owner === owner ? { owner, most } : sharer)),
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

  #set(sub: Subscription, sharers: readonly Sharer[]): void {
    this.#host.registry.touch(sub);
    // One alone has nobody to share with.
    sub.sharers = sharers.length < 2 ? nobody : sharers;
  }

  #mine(sub: Subscription): Sharer | undefined {
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

function without(sub: Subscription, owner: number): Sharer[] {
  return sub.sharers.filter((sharer) => sharer.owner !== owner);
}
