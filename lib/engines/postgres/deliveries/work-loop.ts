import { BusError, toBusError } from "../../../error/bus-error.ts";
import { messageOf } from "../../../error/message-of.ts";
import { formatTime } from "../../../event/time.ts";
import { Fifo } from "../../../runtime/fifo.ts";
import { Retry } from "../../../runtime/retry.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { isUnreachable, storeError } from "../storage/postgres-error.ts";
import { integer, type Row } from "../storage/rows.ts";
import type { Subscription, SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { ClaimGate } from "./claim-gate.ts";
import type { ClaimedDelivery } from "./claimed-delivery.ts";
import { parseWork, readClaimed } from "./claimed-rows.ts";
import type { Consumers } from "./consumers.ts";
import { delayOf, mayMakeReady, type Settlement, settlementRow } from "./settlement.ts";

export interface WorkLoopDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly subscriptionCache: SubscriptionCache;
  readonly consumers: Consumers;
  readonly nextId: () => string;
  /** This process. */
  processId(): number;
  now(): number;
  /** Something was settled or claimed. */
  worked(work: Worked): void;
  onError(error: BusError): void;
}

/** What a statement has changed. */
export interface Worked {
  /** Whether attempts were recorded as ended. */
  readonly settled: boolean;
  /** Subscriptions of which something was settled. */
  readonly touched: Iterable<number>;
  /** Subscriptions of which something is ready, or may be, that this process has no room for. */
  readonly forOthers: readonly number[];
  /** Subscriptions that have something to deliver in so many milliseconds. */
  readonly due: readonly (readonly [sub: number, inMs: number])[];
}

/** At most so many settlements in a statement. */
const settlementsAtOnce = 1_024;
/** At most so many claims in a statement, so that the first of them do not wait for the last. */
const claimsAtOnce = 512;

interface Group {
  readonly settlements: readonly Settlement[];
  /** How many are wanted of which subscription. */
  readonly claims: ReadonlyMap<Subscription, number>;
}

const nothing: Group["claims"] = new Map();

/**
 * Records how attempts ended and claims what is ready, in one statement after the other. A settlement that fails alone is kept
 * and tried again, since its attempt was made.
 */
export class WorkLoop {
  readonly #dependencies: WorkLoopDependencies;
  readonly #work: string;
  readonly #settlements = new Fifo<Settlement>();
  /** Subscriptions that may have something ready. */
  readonly #wanted = new Set<number>();
  /** Subscriptions that had something ready, but all that may run at once was running. */
  readonly #saturated = new Set<number>();
  readonly #gate = new ClaimGate();
  #deferred: Settlement[] = [];
  readonly #settlementRetry: Retry;
  readonly #claimRetry: Retry;
  #scheduled = false;
  #idle: (() => void)[] = [];
  #abandoned: BusError | undefined;

  constructor(dependencies: WorkLoopDependencies) {
    const { names, onError } = dependencies;
    this.#dependencies = dependencies;
    this.#work = `SELECT * FROM ${names.s}.work($1, $2, $3)`;
    this.#settlementRetry = new Retry(onError, () => {
      this.#settlements.putBack(this.#deferred.splice(0));
      this.schedule();
    });
    this.#claimRetry = new Retry(onError, () => this.schedule());
  }

  /** `startedAt` is when the handler began, where it did. Resolves once the outcome is recorded; undefined where the delivery was settled before. */
  settle(delivery: ClaimedDelivery, outcome: Settlement["outcome"], startedAt?: number): Promise<void> | undefined {
    if (!delivery.held) return undefined;
    delivery.held = false;
    if (mayMakeReady(delivery, outcome) || this.#saturated.has(delivery.row.sub.id)) {
      this.#wanted.add(delivery.row.sub.id);
    }
    const ranMs = startedAt === undefined ? undefined : Math.max(0, this.#dependencies.now() - startedAt);
    return new Promise((resolve, reject) => {
      this.#settlements.push({ delivery, outcome, ranMs, resolve, reject });
      this.schedule();
    });
  }

  /** A subscription may have something to claim. */
  look(sub: number): void {
    this.#wanted.add(sub);
    this.schedule();
  }

  /** Has what is queued recorded soon, and what may be ready claimed where there is room. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#run());
  }

  /** Resolves once what is ready is claimed, as {@link ClaimGate} says; `undefined` where nothing is to be waited for. */
  claimed(): Promise<void> | undefined {
    if (!this.#scheduled || this.#claimRetry.waiting || this.#abandoned !== undefined) return undefined;
    const { consumers, subscriptionCache } = this.#dependencies;
    const next = [...this.#wanted].filter((id) => {
      const sub = subscriptionCache.byId(id);
      return sub !== undefined && consumers.free(sub.record.name) > 0;
    });
    return this.#gate.claimed(next);
  }

  /** Resolves when every settlement is recorded, or given up. */
  async drained(): Promise<void> {
    while (this.#abandoned === undefined && (this.#scheduled || this.#deferred.length > 0)) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Stops retrying, and abandons what could not be recorded; the error that says so, or undefined if all was. */
  abandon(): BusError | undefined {
    const cause = this.#settlementRetry.error;
    this.#settlementRetry.stop();
    this.#claimRetry.stop();
    const given = [...this.#deferred.splice(0), ...this.#settlements.take(this.#settlements.size)];
    if (given.length === 0) return undefined;
    const error = new BusError(
      "unavailable",
      `the ends of ${given.length} attempts could not be recorded, and those deliveries run again: ${cause?.message}`,
      { cause, details: { unwritten: given.length } },
    );
    this.#abandoned = error;
    this.#dependencies.consumers.settled(given.length);
    for (const { reject } of given) reject(error);
    return error;
  }

  async #run(): Promise<void> {
    for (let group = this.#take(); group !== undefined; group = this.#take()) await this.#write(group);
    this.#scheduled = false;
    this.#gate.end();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): Group | undefined {
    const settlements = this.#settlements.take(settlementsAtOnce);
    const claims = this.#claimRetry.waiting ? nothing : this.#claimable();
    return settlements.length === 0 && claims.size === 0 ? undefined : { settlements, claims };
  }

  #claimable(): Map<Subscription, number> {
    const { consumers, subscriptionCache } = this.#dependencies;
    const claims = new Map<Subscription, number>();
    let left = claimsAtOnce;
    for (const id of this.#wanted) {
      const sub = subscriptionCache.byId(id);
      if (sub === undefined || !consumers.has(sub.record.name)) {
        this.#wanted.delete(id);
        this.#gate.forget(id);
        continue;
      }
      const free = Math.min(consumers.free(sub.record.name), left);
      if (free === 0) continue;
      claims.set(sub, free);
      left -= free;
    }
    // Who was not asked this time is asked first the next.
    for (const { id } of claims.keys()) this.#wanted.delete(id);
    return claims;
  }

  /** Never rejects. */
  async #write(group: Group): Promise<void> {
    const { consumers, nextId, processId } = this.#dependencies;
    const { claims, settlements } = group;
    const releases = [...claims.keys()].map(({ record }) => consumers.reserve(record.name));
    const release = () => {
      for (const end of releases.splice(0)) end();
    };
    const settled = JSON.stringify(settlements.map((one, i) => settlementRow(one, i, nextId)));
    const wanted = JSON.stringify([...claims].map(([{ id }, free]) => ({ sub: id, free })));
    const owner = processId();
    this.#gate.begin([...claims.keys()].map(({ id }) => id));
    try {
      const rows = await this.#dependencies.database.query(this.#work, [owner, settled, wanted]);
      release();
      this.#written(group, rows, owner);
    } catch (thrown) {
      release();
      await this.#failed(group, storeError(thrown));
    }
    if (claims.size > 0) this.#gate.end();
  }

  #written({ claims, settlements }: Group, rows: readonly Row[], owner: number): void {
    const { consumers, subscriptionCache, worked } = this.#dependencies;
    const { claimed, left, lost } = parseWork(rows);
    for (const i of lost) this.#lost(settlements[i]);
    consumers.settled(settlements.length);
    for (const { resolve } of settlements) resolve();
    if (settlements.length > 0) this.#settlementRetry.succeeded();
    if (claims.size > 0) this.#claimRetry.succeeded();
    for (const row of claimed) {
      const sub = subscriptionCache.byId(integer(row.sub));
      if (sub !== undefined) this.#deliver(row, sub, owner);
    }
    const counts = new Map<number, number>();
    for (const row of claimed) counts.set(integer(row.sub), (counts.get(integer(row.sub)) ?? 0) + 1);
    const asked = new Map([...claims].map(([{ id }, free]) => [id, free]));
    for (const { sub, ready } of left) {
      this.#saturated.delete(sub);
      this.#gate.left({ sub, ready });
      if (!ready) continue;
      if (counts.get(sub) === asked.get(sub)) this.#wanted.add(sub);
      else this.#saturated.add(sub);
    }
    worked({
      settled: settlements.length > 0,
      touched: new Set(settlements.map(({ delivery }) => delivery.row.sub.id)),
      forOthers: [
        ...left.filter(({ ready }) => ready).map(({ sub }) => sub),
        ...settlements
          .filter(({ delivery, outcome }) => mayMakeReady(delivery, outcome) && !asked.has(delivery.row.sub.id))
          .map(({ delivery }) => delivery.row.sub.id),
      ],
      due: [
        ...left.flatMap(({ sub, dueInMs }) => (dueInMs === undefined ? [] : [[sub, dueInMs] as const])),
        ...settlements.flatMap(({ delivery, outcome }) => {
          const inMs = delayOf(outcome);
          return inMs > 0 ? [[delivery.row.sub.id, inMs] as const] : [];
        }),
      ],
    });
  }

  #deliver(row: Row, sub: Subscription, owner: number): void {
    const { consumers, now, onError } = this.#dependencies;
    const { delivery, broken } = readClaimed(row, sub, owner);
    if (broken === undefined) {
      if (!consumers.deliver(delivery)) this.unclaim(delivery);
      return;
    }
    // It must not be met again and again.
    const message = messageOf(broken);
    const failure = { code: "invalid_event", message, at: formatTime(now()), attempt: 0 } as const;
    this.hold(delivery);
    this.settle(delivery, { kind: "dead", failure })?.catch((thrown: unknown) => onError(toBusError(thrown)));
    onError(toBusError(broken));
  }

  /** Takes a delivery that no consumer gets, to settle it. */
  hold(delivery: ClaimedDelivery): void {
    this.#dependencies.consumers.hold(delivery);
  }

  /** Gives a delivery back for which nobody is left. */
  unclaim(delivery: ClaimedDelivery): void {
    const { onError } = this.#dependencies;
    this.settle(delivery, { kind: "released" })?.catch((thrown: unknown) => onError(toBusError(thrown)));
  }

  #lost(settlement: Settlement | undefined): void {
    if (settlement === undefined) return;
    const { delivery, outcome } = settlement;
    const { attempt, event, subscription } = delivery;
    this.#dependencies.onError(
      new BusError(
        "conflict",
        `subscription ${subscription}: attempt ${attempt} of event ${event.id} ended as ${outcome.kind}, but another process had taken it over, as this one was not seen for too long`,
        { details: { subscription, eventId: event.id, attempt } },
      ),
    );
  }

  async #failed({ claims, settlements }: Group, error: BusError): Promise<void> {
    for (const { id } of claims.keys()) this.#wanted.add(id);
    const reachable = !isUnreachable(error.cause);
    if (reachable && settlements.length + claims.size > 1) {
      for (const settlement of settlements) await this.#write({ settlements: [settlement], claims: nothing });
      for (const [sub, free] of claims) {
        this.#wanted.delete(sub.id);
        await this.#write({ settlements: [], claims: new Map([[sub, free]]) });
      }
      return;
    }
    if (settlements.length > 0) {
      this.#deferred.push(...settlements);
      this.#settlementRetry.failed(error);
    }
    if (claims.size > 0) this.#claimRetry.failed(error);
  }
}
