import { DeliveryItem } from "../../delivery/local-queue/delivery-item.ts";
import { LocalQueue, type LocalQueueDependencies } from "../../delivery/local-queue/local-queue.ts";
import { Scheduler } from "../../delivery/local-queue/scheduler.ts";
import { Router } from "../../delivery/router.ts";
import type { DeadLetter, Delivery, Failure, Outcome, PendingDelivery } from "../../engine/delivery.ts";
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
} from "../../engine/engine.ts";
import { idConflict, noDeadLetter, noRecordedEvent, noSubscriptionFor } from "../../engine/errors.ts";
import type {
  DeadLetterPage,
  DeadLetterQuery,
  HistoryQuery,
  Page,
  PageOptions,
  StatsQuery,
  StatsRow,
} from "../../engine/queries.ts";
import { defaultPageSize } from "../../engine/queries.ts";
import { sameContent } from "../../engine/same-content.ts";
import type { Event } from "../../event/event.ts";
import { historyFilter } from "../../history/history-filter.ts";
import type { Clock } from "../../runtime/clock.ts";
import { changedSettings } from "../../subscription/changed-settings.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { ChangeSignal } from "./change-signal.ts";
import { positionOfCursor } from "./cursor.ts";
import { DeadLetterStore } from "./dead-letters.ts";
import { EventRingBuffer } from "./event-ring-buffer.ts";
import { NonHistoricalIds } from "./non-historical-ids.ts";
import { backfill, replay } from "./past.ts";
import { countByType } from "./stats.ts";

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
  readonly #ring: EventRingBuffer;
  readonly #nonHistoricalIds: NonHistoricalIds;
  readonly #queues = new Map<string, LocalQueue>();
  readonly #letters = new DeadLetterStore();
  readonly #changes = new ChangeSignal();
  readonly #scheduler = new Scheduler();
  readonly #queueHost: LocalQueueDependencies;
  #router = new Router([]);
  #order = 0;

  constructor(options: MemoryOptions) {
    this.#clock = options.clock;
    this.#nextId = options.nextId;
    const keep = options.keep ?? 100_000;
    this.#ring = new EventRingBuffer(keep);
    this.#nonHistoricalIds = new NonHistoricalIds(keep);
    this.#queueHost = {
      clock: options.clock,
      schedule: (queue) => this.#scheduler.schedule(queue),
      deadLetter: (item, reason) => this.#deadLetter(item, reason),
      changed: () => this.#changes.notify(),
    };
  }

  publish(entry: Entry): Accepted {
    const { event } = entry;
    if (entry.ownId) {
      const stored = this.#ring.get(event.id) ?? this.#nonHistoricalIds.get(event.id);
      if (stored !== undefined) return this.#again(stored, event);
    }
    const now = this.#clock.now();
    this.#order += 1;
    if (entry.history) this.#ring.push(event, now);
    else if (entry.ownId) this.#nonHistoricalIds.add(event);
    for (const { name } of this.#router.route(event)) this.#queues.get(name)?.add(event, this.#order, now, false);
    this.#changes.notify();
    return { event, duplicate: false };
  }

  async putSubscription(record: SubscriptionRecord, options: { ephemeral: boolean }) {
    const queue = this.#queues.get(record.name);
    if (queue !== undefined) {
      const changed = changedSettings(queue.record, record);
      queue.change(record);
      this.#reroute();
      return { created: false, changed };
    }
    const created = new LocalQueue(this.#queueHost, record, options.ephemeral);
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
    this.#changes.notify();
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
    if (delivery instanceof DeliveryItem) this.#queues.get(delivery.subscription)?.settle(delivery, outcome);
    this.#changes.notify();
  }

  async get(id: string): Promise<Event | undefined> {
    return this.#ring.get(id);
  }

  async query(query: HistoryQuery, { limit = defaultPageSize, cursor }: PageOptions): Promise<Page> {
    const wants = historyFilter(query);
    const events: Event[] = [];
    let last = 0;
    for (const { event, acceptedAt, position } of this.#ring.newestFirst(positionOfCursor(cursor))) {
      if (!wants(event, acceptedAt)) continue;
      if (events.length === limit) return { events, cursor: String(last) };
      events.push(event);
      last = position;
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
    if ("time" in of) return this.#ring.positionBefore(of.time);
    const position = this.#ring.positionOf(of.eventId);
    if (position !== undefined) return position;
    throw noRecordedEvent(of.eventId);
  }

  async readAfter(position: Position, limit: number) {
    return this.#ring.readAfter(position, limit);
  }

  onChange(listener: () => void): () => void {
    return this.#changes.listen(listener);
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
    this.#changes.notify();
  }

  async discardDeadLetter(id: string): Promise<boolean> {
    return this.#letters.delete(id);
  }

  async close(): Promise<void> {
    for (const queue of this.#queues.values()) queue.clear();
    this.#changes.clear();
  }

  /** Whether deliveries wait for nothing but their turn. */
  get runnable(): boolean {
    return this.#scheduler.pending;
  }

  /** Forgets events, deliveries and dead letters; subscriptions stay. */
  reset(): void {
    for (const queue of this.#queues.values()) queue.clear();
    this.#ring.clear();
    this.#nonHistoricalIds.clear();
    this.#letters.clear();
  }

  #deadLetter(item: DeliveryItem, reason: Failure): void {
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

function toPending(item: DeliveryItem): PendingDelivery {
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
