import { DeliveryItem } from "../../delivery/local-queue/delivery-item.ts";
import type { ArchiveSpan } from "../../engine/archive.ts";
import type { DeadLetter, Delivery, Failure, Outcome, PendingDelivery } from "../../engine/delivery.ts";
import type { Consumer } from "../../engine/delivery-queue.ts";
import type { Accepted, Attachment, Engine, Feature, Recorded, ReplayStep } from "../../engine/engine.ts";
import { busClosed } from "../../engine/errors.ts";
import type { Entry, Position } from "../../engine/event-log.ts";
import type {
  DeadLetterPage,
  DeadLetterQuery,
  HistoryQuery,
  Page,
  PageOptions,
  StatsQuery,
  StatsRow,
} from "../../engine/queries.ts";
import type { SubscriptionState } from "../../engine/subscription-store.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import type { ArchiveReplayOptions } from "../../replay/replay-archive.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { concurrently } from "./concurrently.ts";
import { Poller } from "./consume/poller.ts";
import type { AwsDependencies, DeadLetterStore, DeliveryStore, HistoryStore } from "./dependencies.ts";
import { EphemeralSubscriptions } from "./ephemeral/subscriptions.ts";
import { PollTimer } from "./poll-timer.ts";
import type { EventPublisher } from "./publish/event-publisher.ts";
import { RecentlySeenEvents } from "./recently-seen-events.ts";
import { archiveReplay } from "./replay/archive-replay.ts";
import { redrive } from "./replay/redrive.ts";
import { replayStep, type Target } from "./replay/replay-step.ts";
import { Registry } from "./subscriptions/deployed-state.ts";

export interface AwsEngineDependencies extends AwsDependencies {
  readonly history: HistoryStore;
  readonly deadLetters: DeadLetterStore;
  readonly deliveries: DeliveryStore;
  readonly publisher: EventPublisher;
  readonly leaseMs: number;
}

/** Parameters that are read at once. */
const readAtOnce = 8;

/** EventBridge, SQS and DynamoDB in one account and Region; subscriptions are what was deployed. */
export class AwsEngine implements Engine {
  readonly name = "aws";
  readonly lacks: ReadonlySet<Feature> = new Set<Feature>(["ordered-publish", "priority", "backpressure", "settled"]);
  readonly #parts: AwsEngineDependencies;
  readonly #registry: Registry;
  readonly #pollTimer: PollTimer;
  readonly #ephemeral: EphemeralSubscriptions;
  readonly #recentlySeen = new RecentlySeenEvents();
  readonly #pollers = new Map<string, Poller>();
  /** Where the replay under way goes: its steps need not read that again. */
  #replay: { readonly id: string; readonly targets: Promise<Target[]> } | undefined;
  readonly #ending = new AbortController();
  #closing: Promise<void> | undefined;
  #drained = false;

  constructor(parts: AwsEngineDependencies) {
    this.#parts = parts;
    this.#registry = new Registry(parts, parts.deadLetters);
    this.#pollTimer = new PollTimer(parts.clock);
    parts.publisher.onAccepted((event) => this.#recentlySeen.addNew(event));
    this.#ephemeral = new EphemeralSubscriptions({
      ...parts,
      log: {
        position: (of) => this.position(of),
        readAfter: (position, limit) => this.readAfter(position, limit),
        onChange: (listener) => this.onChange(listener),
      },
    });
  }

  publish(entry: Entry): Promise<Accepted> {
    this.#pollTimer.quicken();
    return this.#parts.publisher.publish(entry);
  }

  async putSubscription(
    record: SubscriptionRecord,
    options: { ephemeral: boolean },
  ): Promise<{ created: boolean; changed: readonly string[] }> {
    this.#open();
    if (options.ephemeral) {
      this.#checkRecorded(record);
      await this.#ephemeral.add(record);
      return { created: true, changed: [] };
    }
    return { created: false, changed: await this.#registry.consume(record) };
  }

  async listSubscriptions(): Promise<SubscriptionState[]> {
    this.#open();
    return [...(await this.#registry.list()), ...this.#ephemeral.states()];
  }

  async getSubscription(name: string): Promise<SubscriptionState | undefined> {
    return this.#ephemeral.state(name) ?? this.#registry.get(name);
  }

  async deleteSubscription(name: string): Promise<boolean> {
    return this.#ephemeral.delete(name) || this.#registry.refuseToDelete(name);
  }

  attach(subscription: string, consumer: Consumer): Attachment {
    const consumed = this.#registry.consumed(subscription);
    if (consumed === undefined) return this.#ephemeral.attach(subscription, consumer);
    let poller = this.#pollers.get(subscription);
    if (poller === undefined) {
      const settings = () => this.#registry.consumed(subscription)?.record ?? consumed.record;
      poller = new Poller(this.#parts, settings, consumed.deployed.queueUrl);
      this.#pollers.set(subscription, poller);
    }
    return poller.attach(consumer);
  }

  settings(subscription: string): SubscriptionRecord | undefined {
    return this.#registry.consumed(subscription)?.record ?? this.#ephemeral.settings(subscription);
  }

  settle(delivery: Delivery, outcome: Outcome): void | Promise<void> {
    this.#recentlySeen.add(delivery.event);
    if (delivery instanceof DeliveryItem) return this.#ephemeral.settle(delivery, outcome);
    return this.#settle(delivery, outcome);
  }

  async get(id: string): Promise<Event | undefined> {
    const event = await this.#parts.history.get(id);
    if (event !== undefined) this.#recentlySeen.add(event);
    return event;
  }

  async query(query: HistoryQuery, page: PageOptions): Promise<Page> {
    const found = await this.#parts.history.query(query, page);
    for (const event of found.events) this.#recentlySeen.add(event);
    return found;
  }

  async flowEvents(correlationId: string): Promise<Event[]> {
    const events = await this.#parts.history.flowEvents(correlationId);
    for (const event of events) this.#recentlySeen.add(event);
    return events;
  }

  /** No service can list what of a flow is under way. */
  async pending(): Promise<PendingDelivery[]> {
    return [];
  }

  stats(query: StatsQuery): Promise<StatsRow[]> {
    return this.#parts.history.stats(query);
  }

  position(of: "end" | { eventId: string } | { time: number }): Promise<Position> {
    return this.#parts.history.position(of);
  }

  async readAfter(position: Position, limit: number): Promise<{ events: Recorded[]; position: Position }> {
    const read = await this.#parts.history.readAfter(position, limit);
    if (read.events.length > 0) this.#pollTimer.quicken();
    return read;
  }

  known(): (event: Event) => boolean {
    return this.#recentlySeen.asOfNow();
  }

  onChange(listener: () => void): () => void {
    return this.#pollTimer.listen(listener);
  }

  async replayStep(
    replayId: string,
    query: HistoryQuery,
    to: readonly string[],
    options: { dryRun: boolean; cursor?: string },
  ): Promise<ReplayStep> {
    this.#open();
    if (this.#replay?.id !== replayId) this.#replay = { id: replayId, targets: this.#targets(to) };
    const step = await replayStep(this.#parts, replayId, query, await this.#replay.targets, options);
    if (step.cursor === undefined) this.#replay = undefined;
    return step;
  }

  async replayArchive(
    span: ArchiveSpan,
    to: readonly string[],
    options: Pick<ArchiveReplayOptions, "signal" | "onProgress">,
  ): Promise<string> {
    this.#open();
    return archiveReplay({ ...this.#parts, closing: this.#ending.signal }, span, to, options);
  }

  addDeadLetter(event: Event, reason: Failure): Promise<DeadLetter> {
    return this.#parts.publisher.addDeadLetter(event, reason);
  }

  listDeadLetters(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    return this.#parts.deadLetters.list(query, page);
  }

  getDeadLetter(id: string): Promise<DeadLetter | undefined> {
    return this.#parts.deadLetters.get(id);
  }

  redriveDeadLetter(id: string): Promise<void> {
    this.#open();
    return redrive({ ...this.#parts, find: (name) => this.#registry.find(name) }, id);
  }

  discardDeadLetter(id: string): Promise<boolean> {
    return this.#parts.deadLetters.remove(id);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const pollers = [...this.#pollers.values()];
    this.#ending.abort();
    this.#ephemeral.close();
    await Promise.all([this.#parts.publisher.close(), ...pollers.map((poller) => poller.close())]);
    this.#pollTimer.close();
    this.#drained = true;
    this.#letGo();
  }

  async #settle(delivery: Delivery, outcome: Outcome): Promise<void> {
    const poller = this.#pollers.get(delivery.subscription);
    try {
      await poller?.settle(delivery, outcome);
      if (this.#drained) await poller?.flush();
    } finally {
      this.#letGo();
    }
  }

  /** Closes the clients once nothing runs: until then handlers that ignored the closing hold their deliveries by them. */
  #letGo(): void {
    if (!this.#drained || [...this.#pollers.values()].some((poller) => poller.running > 0)) return;
    this.#parts.clients.destroy();
  }

  async #targets(to: readonly string[]): Promise<Target[]> {
    const found = await concurrently(to, readAtOnce, async (name): Promise<Target[]> => {
      const record = this.#ephemeral.settings(name);
      if (record !== undefined) return [{ record, give: (event) => this.#ephemeral.give(name, event) }];
      const deployed = await this.#registry.find(name);
      return deployed === undefined ? [] : [{ record: deployed.record, deployed }];
    });
    return found.flat();
  }

  /** One that is fed from history would wait for ever for what history does not keep. */
  #checkRecorded({ on }: SubscriptionRecord): void {
    const unkept = on.find((type) => this.#parts.catalog.get(type)?.history === false);
    if (unkept === undefined) return;
    throw new BusError(
      "invalid_config",
      `subscription without a name: on: ${unkept} is not kept in history, from which the aws engine serves it; ` +
        "deploy a QueueSubscriber for it, and subscribe by its name",
    );
  }

  #open(): void {
    if (this.#closing !== undefined) throw busClosed();
  }
}
