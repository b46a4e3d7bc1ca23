import { changedSettings } from "../../bus/changed-settings.ts";
import type { Clock } from "../../bus/clock.ts";
import type { DeadLetter, Delivery, Failure, Outcome, PendingDelivery } from "../../bus/delivery.ts";
import type {
  Accepted,
  Attachment,
  Consumer,
  Engine,
  Entry,
  Feature,
  Position,
  ReplayStep,
  SubscriptionState,
} from "../../bus/engine.ts";
import { idConflict, noDeadLetter, noRecordedEvent, noSubscriptionFor } from "../../bus/engine-errors.ts";
import { historyFilter } from "../../bus/history-filter.ts";
import { Item } from "../../bus/in-memory/item.ts";
import { Scheduler } from "../../bus/in-memory/scheduler.ts";
import { type QueueHost, SubscriptionQueue } from "../../bus/in-memory/subscription-queue.ts";
import type {
  DeadLetterPage,
  DeadLetterQuery,
  HistoryQuery,
  Page,
  PageOptions,
  StatsQuery,
  StatsRow,
} from "../../bus/queries.ts";
import { defaultPageSize } from "../../bus/queries.ts";
import { Router } from "../../bus/router.ts";
import { sameContent } from "../../bus/same-content.ts";
import type { Event } from "../../event/event.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { placeOfCursor } from "./cursor.ts";
import { DeadLetterStore } from "./dead-letters.ts";
import { Notice } from "./notice.ts";
import { backfill, replay } from "./past.ts";
import { Ring } from "./ring.ts";
import { countByType } from "./stats.ts";
import { Unrecorded } from "./unrecorded.ts";

/** What a memory engine is made of. */
export interface MemoryOptions {
  readonly clock: Clock;
  readonly nextId: () => string;
  /** Events kept; default 100,000. */
  readonly keep?: number;
}

/** One process, nothing on disk, the last 100,000 events: for unit tests and the fastest path. */
export class MemoryEngine implements Engine {
  readonly name = "memory";
  readonly lacks: ReadonlySet<Feature> = new Set<Feature>(["durable", "multi-process"]);
  readonly #clock: Clock;
  readonly #nextId: () => string;
  readonly #ring: Ring;
  readonly #unrecorded: Unrecorded;
  readonly #queues = new Map<string, SubscriptionQueue>();
  readonly #letters = new DeadLetterStore();
  readonly #notice = new Notice();
  readonly #scheduler = new Scheduler();
  readonly #queueHost: QueueHost;
  #router = new Router([]);
  #order = 0;

  constructor(options: MemoryOptions) {
    this.#clock = options.clock;
    this.#nextId = options.nextId;
    const keep = options.keep ?? 100_000;
    this.#ring = new Ring(keep);
    this.#unrecorded = new Unrecorded(keep);
    this.#queueHost = {
      clock: options.clock,
      schedule: (queue) => this.#scheduler.schedule(queue),
      bury: (item, reason) => this.#bury(item, reason),
      changed: () => this.#notice.notify(),
    };
  }

  publish(entry: Entry): Accepted {
    const { event } = entry;
    if (entry.ownId) {
      const stored = this.#ring.get(event.id) ?? this.#unrecorded.get(event.id);
      if (stored !== undefined) return this.#again(stored, event);
    }
    const now = this.#clock.now();
    this.#order += 1;
    if (entry.history) this.#ring.push(event, now);
    else if (entry.ownId) this.#unrecorded.add(event);
    for (const { name } of this.#router.route(event)) this.#queues.get(name)?.add(event, this.#order, now, false);
    this.#notice.notify();
    return { event, duplicate: false };
  }

  async putSubscription(record: SubscriptionRecord, options: { temporary: boolean }) {
    const queue = this.#queues.get(record.name);
    if (queue !== undefined) {
      const changed = changedSettings(queue.record, record);
      queue.change(record);
      this.#reroute();
      return { created: false, changed };
    }
    const created = new SubscriptionQueue(this.#queueHost, record, options.temporary);
    this.#queues.set(record.name, created);
    this.#reroute();
    if (record.from !== "now") {
      backfill(this.#ring.oldestFirst(), record, ({ event, acceptedAt }) => {
        this.#order += 1;
        created.add(event, this.#order, acceptedAt, false);
      });
    }
    return { created: true, changed: [] };
  }

  async listSubscriptions(): Promise<SubscriptionState[]> {
    return [...this.#queues.values()].map((queue) => queue.state(this.#letters.countOf(queue.record.name)));
  }

  async getSubscription(name: string): Promise<SubscriptionState | undefined> {
    return this.#queues.get(name)?.state(this.#letters.countOf(name));
  }

  async deleteSubscription(name: string): Promise<boolean> {
    const queue = this.#queues.get(name);
    queue?.clear();
    this.#queues.delete(name);
    this.#reroute();
    this.#notice.notify();
    return queue !== undefined;
  }

  attach(subscription: string, consumer: Consumer): Attachment {
    const queue = this.#queues.get(subscription);
    queue?.attach(consumer);
    return {
      wake: () => {
        if (queue !== undefined && queue.backlog > 0) this.#scheduler.schedule(queue);
      },
      detach: () => queue?.detach(consumer),
    };
  }

  settings(subscription: string): SubscriptionRecord | undefined {
    return this.#queues.get(subscription)?.record;
  }

  settle(delivery: Delivery, outcome: Outcome): void {
    if (delivery instanceof Item) this.#queues.get(delivery.subscription)?.settle(delivery, outcome);
    this.#notice.notify();
  }

  async get(id: string): Promise<Event | undefined> {
    return this.#ring.get(id);
  }

  async query(query: HistoryQuery, { limit = defaultPageSize, cursor }: PageOptions): Promise<Page> {
    const wants = historyFilter(query);
    const events: Event[] = [];
    let last = 0;
    for (const { event, acceptedAt, place } of this.#ring.newestFirst(placeOfCursor(cursor))) {
      if (!wants(event, acceptedAt)) continue;
      if (events.length === limit) return { events, cursor: String(last) };
      events.push(event);
      last = place;
    }
    return { events };
  }

  async flowEvents(correlationId: string): Promise<Event[]> {
    const events: Event[] = [];
    for (const { event } of this.#ring.oldestFirst()) {
      if (event.metadata.correlationId === correlationId) events.push(event);
    }
    return events;
  }

  async pending(correlationId: string): Promise<PendingDelivery[]> {
    const pending: PendingDelivery[] = [];
    for (const queue of this.#queues.values()) {
      for (const item of queue.items()) {
        if (item.event.metadata.correlationId === correlationId) pending.push(toPending(item));
      }
    }
    return pending;
  }

  async stats(query: StatsQuery): Promise<StatsRow[]> {
    return countByType(this.#ring.oldestFirst(), query);
  }

  async position(of: "end" | { eventId: string } | { time: number }): Promise<Position> {
    if (of === "end") return this.#ring.end;
    if ("time" in of) return this.#ring.placeBefore(of.time);
    const place = this.#ring.placeOf(of.eventId);
    if (place !== undefined) return place;
    throw noRecordedEvent(of.eventId);
  }

  async readAfter(position: Position, limit: number) {
    return this.#ring.readAfter(position, limit);
  }

  onChange(listener: () => void): () => void {
    return this.#notice.listen(listener);
  }

  async replayStep(
    replayId: string,
    query: HistoryQuery,
    to: readonly string[],
    options: { dryRun: boolean },
  ): Promise<ReplayStep> {
    const records = to.flatMap((name) => this.#queues.get(name)?.record ?? []);
    const give = (subscription: string, event: Event) => {
      this.#order += 1;
      this.#queues.get(subscription)?.add(event, this.#order, this.#clock.now(), false);
    };
    return replay(this.#ring.oldestFirst(), replayId, query, records, options.dryRun ? undefined : give);
  }

  async addDeadLetter(event: Event, reason: Failure): Promise<DeadLetter> {
    const letter: DeadLetter = {
      id: this.#nextId(),
      event,
      reason,
      attempts: 0,
      failures: [reason],
      acceptedAt: reason.at,
      deadAt: reason.at,
    };
    this.#letters.add(letter);
    return letter;
  }

  async listDeadLetters(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    return this.#letters.list(query, page);
  }

  async getDeadLetter(id: string): Promise<DeadLetter | undefined> {
    return this.#letters.get(id);
  }

  async redriveDeadLetter(id: string): Promise<void> {
    const letter = this.#letters.get(id);
    if (letter === undefined) throw noDeadLetter(id);
    const queue = letter.subscription === undefined ? undefined : this.#queues.get(letter.subscription);
    if (queue === undefined) throw noSubscriptionFor(id, letter.subscription);
    this.#letters.delete(id);
    this.#order += 1;
    queue.add(letter.event, this.#order, this.#clock.now(), true);
    this.#notice.notify();
  }

  async discardDeadLetter(id: string): Promise<boolean> {
    return this.#letters.delete(id);
  }

  async close(): Promise<void> {
    for (const queue of this.#queues.values()) queue.clear();
    this.#notice.clear();
  }

  /** Whether deliveries wait for nothing but their turn. */
  get runnable(): boolean {
    return this.#scheduler.pending;
  }

  /** Forgets events, deliveries and dead letters; subscriptions stay. */
  reset(): void {
    for (const queue of this.#queues.values()) queue.clear();
    this.#ring.clear();
    this.#unrecorded.clear();
    this.#letters.clear();
  }

  #bury(item: Item, reason: Failure): void {
    this.#letters.add({
      id: this.#nextId(),
      subscription: item.subscription,
      event: item.event,
      reason,
      attempts: item.attempt,
      failures: item.failures.length === 0 ? [reason] : item.failures,
      acceptedAt: new Date(item.acceptedAt).toISOString(),
      deadAt: reason.at,
    });
  }

  #again(stored: Event, event: Event): Accepted {
    if (sameContent(stored, event)) return { event: stored, duplicate: true };
    throw idConflict(event);
  }

  #reroute(): void {
    this.#router = new Router([...this.#queues.values()].map(({ record }) => record));
  }
}

function toPending(item: Item): PendingDelivery {
  const lastError = item.failures.at(-1)?.message;
  return {
    subscription: item.subscription,
    eventId: item.event.id,
    type: item.event.type,
    state: item.state === "blocked" ? "waiting" : item.state,
    attempts: item.attempt,
    ...(item.state === "delayed" ? { dueAt: new Date(item.dueAt).toISOString() } : {}),
    ...(lastError === undefined ? {} : { lastError }),
  };
}
