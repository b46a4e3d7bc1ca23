import { deadLetterOf } from "../../../delivery/dead-letter.ts";
import { DeliveryItem, firstTime, type Requeued } from "../../../delivery/local-queue/delivery-item.ts";
import { LocalQueue } from "../../../delivery/local-queue/local-queue.ts";
import type { LocalQueueDependencies } from "../../../delivery/local-queue/local-queue-dependencies.ts";
import { Scheduler } from "../../../delivery/local-queue/scheduler.ts";
import { subscriptionFilter } from "../../../delivery/subscription-filter.ts";
import type { Delivery, Failure, Outcome } from "../../../engine/delivery.ts";
import type { Consumer, Consumption } from "../../../engine/delivery-queue.ts";
import type { EventLog, Position } from "../../../engine/event-log.ts";
import type { SubscriptionState } from "../../../engine/subscription-store.ts";
import { BusError, toBusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { LogReader } from "../../../history/log-reader.ts";
import { selectionOf } from "../../../history/log-selections.ts";
import { queryTime } from "../../../runtime/query-time.ts";
import type { SubscriptionRecord } from "../../../subscription/subscription.ts";
import type { AwsDependencies, DeadLetterTable } from "../dependencies.ts";
import { pause } from "../pause.ts";

export interface EphemeralSubscriptionsDependencies
  extends Pick<AwsDependencies, "catalog" | "clock" | "nextId" | "onError"> {
  readonly deadLetters: Pick<DeadLetterTable, "put">;
  readonly log: Pick<EventLog, "position">;
  readonly reader: Pick<LogReader, "after">;
}

/** Milliseconds before history is read again after that failed. */
const retryMs = 2_000;

/** A subscription of this process, and what ends it. */
interface Ephemeral {
  readonly queue: LocalQueue;
  readonly ending: AbortController;
}

/**
 * Subscriptions that end with this process. They are fed from history as it is recorded and kept in memory: a rule and a
 * queue for a process that may be gone in a second would be made by the thousand, and left behind by each that crashed.
 */
export class EphemeralSubscriptions {
  readonly #dependencies: EphemeralSubscriptionsDependencies;
  readonly #queueDependencies: LocalQueueDependencies;
  readonly #scheduler = new Scheduler();
  readonly #subscriptions = new Map<string, Ephemeral>();
  #order = 0;

  constructor(dependencies: EphemeralSubscriptionsDependencies) {
    this.#dependencies = dependencies;
    this.#queueDependencies = {
      clock: dependencies.clock,
      schedule: (queue) => this.#scheduler.schedule(queue),
      deadLetter: (item, reason) => this.#deadLetter(item, reason),
      changed: () => {},
    };
  }

  /** Resolves once it is known where it begins: what comes later is not missed. `invalid_config`. */
  async add(record: SubscriptionRecord): Promise<void> {
    this.#checkRecorded(record);
    const { log } = this.#dependencies;
    const since = record.from === "beginning" ? 0 : queryTime(record.from === "now" ? undefined : record.from, "from");
    const from = await log.position(since === undefined ? "end" : { time: since });
    const added = { queue: new LocalQueue(this.#queueDependencies, record, true), ending: new AbortController() };
    this.#subscriptions.set(record.name, added);
    void this.#readHistory(added, from);
  }

  has(name: string): boolean {
    return this.#subscriptions.has(name);
  }

  /** Its dead letters are not counted: asking for a state must not cost a query. */
  state(name: string): SubscriptionState | undefined {
    return this.#subscriptions.get(name)?.queue.state(0);
  }

  states(): SubscriptionState[] {
    return [...this.#subscriptions.values()].map(({ queue }) => queue.state(0));
  }

  /** Undefined where there is no such subscription. */
  consume(name: string, consumer: Consumer): Consumption | undefined {
    return this.#subscriptions.get(name)?.queue.consume(consumer);
  }

  /** False where the delivery is not of one of these. */
  settle(delivery: Delivery, outcome: Outcome): boolean {
    if (!(delivery instanceof DeliveryItem)) return false;
    this.#subscriptions.get(delivery.subscription)?.queue.settle(delivery, outcome);
    return true;
  }

  /** Queues past events again; false where there is no such subscription. */
  requeue(name: string, events: readonly Event[], requeued: Requeued): boolean {
    const queue = this.#subscriptions.get(name)?.queue;
    const now = this.#dependencies.clock.now();
    if (queue !== undefined) for (const event of events) this.#add(queue, event, now, requeued);
    return queue !== undefined;
  }

  delete(name: string): boolean {
    const subscription = this.#subscriptions.get(name);
    subscription?.ending.abort();
    subscription?.queue.delete();
    return this.#subscriptions.delete(name);
  }

  close(): void {
    for (const name of [...this.#subscriptions.keys()]) this.delete(name);
  }

  /** Reads history until the subscription ends; each event once, however often reading fails. */
  async #readHistory({ queue, ending: { signal } }: Ephemeral, from: Position): Promise<void> {
    const { clock, onError, reader } = this.#dependencies;
    const wants = subscriptionFilter(queue.record);
    const wanted = [selectionOf(queue.record.on, queue.record.where)];
    let position = from;
    for (;;) {
      try {
        for await (const batch of reader.after(position, { signal, wanted })) {
          for (const { event, acceptedAt } of batch.events) {
            if (wants(event)) this.#add(queue, event, acceptedAt, firstTime);
          }
          position = batch.position;
        }
        // The reader ends with its signal alone.
        return;
      } catch (thrown) {
        if (signal.aborted) return;
        onError(toBusError(thrown));
        await pause(clock, retryMs, [signal]);
      }
    }
  }

  #add(queue: LocalQueue, event: Event, acceptedAt: number, requeued: Requeued): void {
    this.#order += 1;
    queue.add(event, this.#order, acceptedAt, requeued);
  }

  #deadLetter(item: DeliveryItem, reason: Failure): void {
    const { clock, deadLetters, nextId, onError } = this.#dependencies;
    const deadLetter = deadLetterOf(item, reason, { id: nextId(), deadAt: clock.now() });
    deadLetters.put(deadLetter).catch((thrown: unknown) => onError(toBusError(thrown)));
  }

  /** One that is fed from history would wait for ever for what history does not keep. */
  #checkRecorded({ on }: SubscriptionRecord): void {
    const unkept = on.find((type) => this.#dependencies.catalog.get(type)?.history === false);
    if (unkept === undefined) return;
    throw new BusError(
      "invalid_config",
      `subscription without a name: on: ${unkept} is not kept in history, from which the aws engine serves it; ` +
        "deploy a QueueSubscriber for it, and subscribe by its name",
    );
  }
}
