import { Router } from "../../delivery/router.ts";
import type { Delivery, EndedDelivery, Outcome } from "../../engine/delivery.ts";
import type { Consumer, Consumption, DeliveryQueue, EnqueueOptions } from "../../engine/delivery-queue.ts";
import { alreadyUnderWay, busClosed, noSubscription } from "../../engine/errors.ts";
import type { Event } from "../../event/event.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { isRefused } from "./aws-error.ts";
import { Poller, type PollerDependencies } from "./consume/poller.ts";
import type { AwsDependencies, DeadLetterTable, DeliveryTable, HistoryTable } from "./dependencies.ts";
import { toQueueEntry } from "./enqueue/queue-entry.ts";
import { sendAll } from "./enqueue/send.ts";
import type { EphemeralSubscriptions } from "./ephemeral/subscriptions.ts";
import type { RecentlySeenEvents } from "./recently-seen-events.ts";
import type { AwsSubscriptionStore } from "./subscription-store.ts";
import type { DeployedSubscriptions } from "./subscriptions/deployed.ts";

export interface AwsDeliveryQueueDependencies extends PollerDependencies, Pick<AwsDependencies, "random"> {
  readonly deliveries: DeliveryTable;
  readonly deadLetters: Pick<DeadLetterTable, "get">;
  readonly subscriptions: Pick<AwsSubscriptionStore, "consumed">;
  readonly history: Pick<HistoryTable, "flow">;
  readonly deployed: Pick<DeployedSubscriptions, "all" | "findRecent">;
  readonly ephemeral: EphemeralSubscriptions;
  readonly recentlySeen: RecentlySeenEvents;
  /** Aborted when the engine closes. */
  readonly closing: AbortSignal;
}

const nothing: Consumption = { settings: undefined, wake: () => {}, stop: () => {} };

/**
 * Deliveries come from the SQS queues of deployed subscriptions, which this process polls, and from history for those of
 * this process. Past events are sent to the queues. No service can list what of a flow is under way: there is no `pending`. How
 * the first deliveries of its events ended, the deliveries table remembers for `dedupeFor`.
 */
export class AwsDeliveryQueue implements DeliveryQueue {
  readonly #dependencies: AwsDeliveryQueueDependencies;
  readonly #pollers = new Map<string, Poller>();
  #idle: (() => void) | undefined;

  constructor(dependencies: AwsDeliveryQueueDependencies) {
    this.#dependencies = dependencies;
  }

  consume(subscription: string, consumer: Consumer): Consumption {
    const { ephemeral, subscriptions } = this.#dependencies;
    const consumed = subscriptions.consumed(subscription);
    if (consumed === undefined) return ephemeral.consume(subscription, consumer) ?? nothing;
    let poller = this.#pollers.get(subscription);
    if (poller === undefined) {
      const settings = (): SubscriptionRecord => subscriptions.consumed(subscription)?.record ?? consumed.record;
      poller = new Poller(this.#dependencies, settings, consumed.deployed.queueUrl);
      this.#pollers.set(subscription, poller);
    }
    return poller.consume(consumer);
  }

  settle(delivery: Delivery, outcome: Outcome, startedAt?: number): void | Promise<void> {
    const { ephemeral, recentlySeen } = this.#dependencies;
    recentlySeen.add(delivery.event);
    return ephemeral.settle(delivery, outcome) ? undefined : this.#settlePolled(delivery, outcome, startedAt);
  }

  async enqueue(subscription: string, events: readonly Event[], options: EnqueueOptions): Promise<void> {
    const { closing, deployed, ephemeral } = this.#dependencies;
    if (closing.aborted) throw busClosed();
    const { redrivenFrom } = options;
    const replayId = options.replayId ?? (await this.#replayOf(events, redrivenFrom));
    if (ephemeral.requeue(subscription, events, { redriven: redrivenFrom !== undefined, replayId })) return;
    const found = await deployed.findRecent(subscription);
    if (found === undefined) throw noSubscription(subscription);
    const entries = events.map((event) => ({ event, ...toQueueEntry(event, found, { replayId, redrivenFrom }) }));
    const sent = redrivenFrom === undefined ? entries : await this.#revive(subscription, entries);
    await sendAll(this.#dependencies, found, sent);
  }

  async ended(correlationId: string): Promise<EndedDelivery[] | undefined> {
    const { deliveries, deployed, history, logger } = this.#dependencies;
    const recorded = await history.flow(correlationId);
    try {
      const router = new Router((await deployed.all()).map(({ record }) => record));
      const sent = recorded.flatMap(({ event }) =>
        router.route(event).map(({ name }) => ({ subscription: name, event })),
      );
      return await deliveries.ended(sent);
    } catch (thrown) {
      if (!isRefused(thrown)) throw thrown;
      logger.debug("how deliveries ended is not shown: this role may not read subscriptions and the deliveries table");
      return undefined;
    }
  }

  /** Takes nothing more. What runs stays held until it is settled. */
  async close(): Promise<void> {
    this.#dependencies.ephemeral.close();
    await Promise.all([...this.#pollers.values()].map((poller) => poller.close()));
  }

  /** Calls back once nothing runs any more; after `close`. */
  onceIdle(idle: () => void): void {
    this.#idle = idle;
    this.#checkIdle();
  }

  async #settlePolled(delivery: Delivery, outcome: Outcome, startedAt: number | undefined): Promise<void> {
    const poller = this.#pollers.get(delivery.subscription);
    try {
      await poller?.settle(delivery, outcome, startedAt);
      if (this.#dependencies.closing.aborted) await poller?.flush();
    } finally {
      this.#checkIdle();
    }
  }

  #checkIdle(): void {
    const idle = this.#idle;
    if (idle === undefined || [...this.#pollers.values()].some((poller) => poller.running > 0)) return;
    this.#idle = undefined;
    idle();
  }

  /** An event with a mark is a replay, or what the handler of one has published: the dead letter knows. */
  async #replayOf(events: readonly Event[], redrivenFrom: string | undefined): Promise<string | undefined> {
    if (redrivenFrom === undefined || events.every(({ metadata }) => metadata.replay === undefined)) return undefined;
    return (await this.#dependencies.deadLetters.get(redrivenFrom))?.replayId;
  }

  /**
   * Lets dead deliveries be run again before their messages are sent: after a crash in between, the next redrive sends them,
   * while a message whose delivery was not revived would only be deleted. Gives those to send: what has succeeded needs none.
   */
  async #revive<Entry extends { readonly event: Event }>(subscription: string, entries: readonly Entry[]) {
    const revived: Entry[] = [];
    for (const entry of entries) {
      const state = await this.#dependencies.deliveries.revive(subscription, entry.event);
      if (state === "underWay") throw alreadyUnderWay(entry.event.id, subscription);
      if (state === "revived") revived.push(entry);
    }
    return revived;
  }
}
