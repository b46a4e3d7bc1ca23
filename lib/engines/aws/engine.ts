import type { Capability } from "../../engine/capabilities.ts";
import { ChangeSignal } from "../../engine/change-signal.ts";
import type { Engine, Unwatch } from "../../engine/engine.ts";
import { ChangeWatch } from "../../history/change-watch.ts";
import { LogReader } from "../../history/log-reader.ts";
import { AwsDeadLetterStore } from "./dead-letter-store.ts";
import { AwsDeliveryQueue } from "./delivery-queue.ts";
import type { AwsDependencies, DeadLetterTable, DeliveryTable, HistoryTable } from "./dependencies.ts";
import { EphemeralSubscriptions } from "./ephemeral/subscriptions.ts";
import { AwsEventArchive } from "./event-archive.ts";
import { AwsEventLog } from "./event-log.ts";
import { PollTimer } from "./poll-timer.ts";
import type { EventPublisher } from "./publish/event-publisher.ts";
import { shareRecentlySeen } from "./recently-seen-events.ts";
import { AwsSubscriptionStore } from "./subscription-store.ts";
import { DeployedSubscriptions } from "./subscriptions/deployed.ts";

export interface AwsEngineDependencies extends AwsDependencies {
  readonly history: HistoryTable;
  readonly deadLetters: DeadLetterTable;
  readonly deliveries: DeliveryTable;
  readonly publisher: EventPublisher;
  readonly leaseMs: number;
}

/** EventBridge, SQS and DynamoDB in one account and Region; subscriptions are what was deployed. */
export class AwsEngine implements Engine {
  readonly name = "aws";
  readonly store: string;
  readonly capabilities: ReadonlySet<Capability> = new Set<Capability>([
    "durable",
    "multi-process",
    "delay",
    "outcomes",
  ]);
  readonly log: AwsEventLog;
  readonly deliveries: AwsDeliveryQueue;
  readonly subscriptions: AwsSubscriptionStore;
  readonly deadLetters: AwsDeadLetterStore;
  readonly archive: AwsEventArchive;
  readonly #dependencies: AwsEngineDependencies;
  readonly #changes: ChangeSignal;
  readonly #closing = new AbortController();
  readonly #recentlySeen: ReturnType<typeof shareRecentlySeen>;

  constructor(dependencies: AwsEngineDependencies) {
    this.#dependencies = dependencies;
    // The URL of a queue names the account and the Region too.
    this.store = `aws:${dependencies.config.publisherDeadLetterQueueUrl}`;
    const { clock } = dependencies;
    const pollTimer = new PollTimer(clock, () => this.#changes.notify());
    this.#changes = new ChangeSignal({ onFirst: () => pollTimer.start(), onLast: () => pollTimer.stop() });
    this.#recentlySeen = shareRecentlySeen(this.store);
    const shared = { ...dependencies, recentlySeen: this.#recentlySeen.events, closing: this.#closing.signal };
    this.log = new AwsEventLog({ ...shared, pollTimer });
    const deployed = new DeployedSubscriptions(dependencies);
    const reader = new LogReader(this.log, new ChangeWatch(this, clock));
    const ephemeral = new EphemeralSubscriptions({ ...dependencies, log: this.log, reader });
    this.subscriptions = new AwsSubscriptionStore({ ...dependencies, deployed, ephemeral });
    this.deliveries = new AwsDeliveryQueue({ ...shared, deployed, ephemeral, subscriptions: this.subscriptions });
    this.deadLetters = new AwsDeadLetterStore(dependencies);
    this.archive = new AwsEventArchive(shared);
  }

  watch(changed: () => void): Unwatch {
    return this.#changes.watch(changed);
  }

  async close(): Promise<void> {
    const { clients, publisher } = this.#dependencies;
    this.#closing.abort();
    await Promise.all([publisher.close(), this.deliveries.close()]);
    this.#changes.clear();
    this.#recentlySeen.release();
    // Handlers that ignored the closing hold their deliveries by the clients until they end.
    this.deliveries.onceIdle(() => clients.destroy());
  }
}
