import type { EndPositions } from "../../../engine/end-positions.ts";
import type { Appended, Takeover } from "../../../engine/event-log.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { PendingPublish, PublishQueue } from "../../../publish/publish-queue.ts";
import { ClaimedDelivery, firstAttempt } from "../deliveries/claimed-delivery.ts";
import type { Consumers } from "../deliveries/consumers.ts";
import type { Database } from "../storage/database.ts";
import type { Names } from "../storage/names.ts";
import { isUnreachable, storeError } from "../storage/postgres-error.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";
import { appendRequest, type Publish } from "./append-request.ts";
import { type AppendResult, hasMoved, outcomes, parseAppended } from "./append-result.ts";

export interface PublishLoopDependencies {
  readonly database: Database;
  readonly names: Names;
  readonly publishQueue: PublishQueue;
  readonly subscriptionCache: SubscriptionCache;
  readonly consumers: Consumers;
  /** Where somebody here asks for the end of the log: what is appended next lies behind it. */
  readonly endPositions: Pick<EndPositions, "answered">;
  /** This process. */
  processId(): number;
  /** Of this machine; for what is told of, not for what is due. */
  now(): number;
  /** Something was appended: these ids, at these positions; some is still to be claimed, or due in so many milliseconds. */
  appended(result: AppendResult, positions: Iterable<readonly [id: string, position: number]>): void;
  /** Resolves once what is ready is claimed, so that what is appended can be claimed with it. */
  claimed(): Promise<void> | undefined;
  /** The statement that could claim deliveries has ended. */
  released(): void;
  /** A delivery was claimed for which nobody is left. */
  unclaim(delivery: ClaimedDelivery): void;
}

/** At most so many events, and characters of theirs, in a statement. */
const atOnce = { events: 256, characters: 4_000_000 };

/**
 * Appends what callers publish, one group after the other: what comes while one is written goes with the next. Where a group
 * fails, each of its members is tried alone, so that none is lost because of another one.
 */
export class PublishLoop {
  readonly #dependencies: PublishLoopDependencies;
  readonly #append: string;
  readonly #takeOver: string;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(dependencies: PublishLoopDependencies) {
    this.#dependencies = dependencies;
    this.#append = `SELECT ${dependencies.names.s}.append($1, $2, $3, $4) AS result`;
    this.#takeOver = `SELECT ${dependencies.names.s}.take_over($5, $6, $7, $1, $2, $3, $4) AS result`;
  }

  /** Has what is queued appended soon. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#run());
  }

  /** Resolves when nothing is queued. */
  idle(): Promise<void> {
    return this.#scheduled ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** Appends what another log has accepted, as {@link EventLog.takeOver} says. */
  async takeOver({ entries, feed, from, to }: Takeover): Promise<readonly (Appended | BusError)[] | undefined> {
    const group = entries.map((entry) => ({ entry, body: JSON.stringify(entry.event) }));
    await this.#dependencies.claimed();
    return this.#attempt(group, this.#takeOver, [feed, from ?? null, to]);
  }

  async #run(): Promise<void> {
    const { claimed, endPositions, publishQueue } = this.#dependencies;
    while (publishQueue.size > 0) {
      await claimed();
      const group = this.#take();
      if (group.length === 0) break;
      await endPositions.answered();
      await this.#write(group);
    }
    this.#scheduled = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): PendingPublish[] {
    const { publishQueue } = this.#dependencies;
    const taken = publishQueue.take(atOnce.events);
    let characters = 0;
    const count = taken.findIndex(({ body }) => {
      characters += body.length;
      return characters > atOnce.characters;
    });
    if (count <= 0) return taken;
    publishQueue.putBack(taken.slice(count));
    return taken.slice(0, count);
  }

  /** Never rejects: the callers are told. */
  async #write(group: readonly PendingPublish[]): Promise<void> {
    try {
      const results = await this.#attempt(group, this.#append);
      for (const [index, publish] of group.entries()) {
        publish.result = results?.[index];
        publish.end();
      }
    } catch (thrown) {
      const error = storeError(thrown);
      if (group.length > 1 && !isUnreachable(error.cause)) {
        for (const publish of group) await this.#write([publish]);
      } else for (const { reject } of group) reject(error);
    }
  }

  /** What became of each; `undefined` where the feed stands elsewhere. */
  async #attempt(
    group: readonly Publish[],
    statement: string,
    more: readonly unknown[] = [],
  ): Promise<readonly (Appended | BusError)[] | undefined> {
    const { database, processId, released, subscriptionCache } = this.#dependencies;
    for (let tries = 0; tries < triesAtMost; tries += 1) {
      const request = appendRequest(this.#dependencies, group);
      const owner = processId();
      let result: AppendResult | undefined;
      try {
        const values = [owner, request.epoch, request.events, request.slots, ...more];
        const [row] = await database.query(statement, values);
        if (hasMoved(row?.result)) return undefined;
        result = parseAppended(row?.result);
      } finally {
        request.release();
        released();
      }
      if (result !== undefined) return this.#written(group, result, owner);
      await subscriptionCache.refresh(database);
    }
    throw changesTooOften();
  }

  #written(group: readonly Publish[], result: AppendResult, owner: number): (Appended | BusError)[] {
    const { appended, consumers, subscriptionCache, unclaim } = this.#dependencies;
    const positions = new Map(result.events);
    for (const [n, id] of result.claimed) {
      const sub = subscriptionCache.byId(id);
      const event = group[n]?.entry.event;
      const seq = positions.get(n);
      if (sub === undefined || event === undefined || seq === undefined) continue;
      const row = firstAttempt({ sub, seq, owner, acceptedAt: result.now });
      const delivery = new ClaimedDelivery(row, event);
      if (!consumers.deliver(delivery)) unclaim(delivery);
    }
    appended(
      result,
      result.events.flatMap(([n, position]) => {
        const id = group[n]?.entry.event.id;
        return id === undefined ? [] : [[id, position] as const];
      }),
    );
    return outcomes(group, result);
  }
}

/** Times that a group is routed, since subscriptions may change each time. */
const triesAtMost = 20;

function changesTooOften(): BusError {
  return new BusError(
    "unavailable",
    `the subscriptions changed ${triesAtMost} times while events were appended; publish again`,
  );
}
