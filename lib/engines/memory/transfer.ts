import type { DeliveryItem } from "../../delivery/local-queue/delivery-item.ts";
import type { LocalQueues } from "../../delivery/local-queue/local-queues.ts";
import { noSubscription } from "../../engine/errors.ts";
import type { RecordedEvent } from "../../engine/event-log.ts";
import type { EngineTransfer, OpenDelivery, OpenDeliveryPage } from "../../engine/transfer.ts";
import type { Event } from "../../event/event.ts";
import { markReplay } from "../../replay/replay-mark.ts";
import type { MemoryLog } from "./log.ts";

export interface MemoryTransferDependencies {
  readonly log: MemoryLog;
  readonly queues: LocalQueues;
}

/** Moves what this process holds to another engine, or takes over what another one held. */
export class MemoryTransfer implements EngineTransfer {
  readonly #dependencies: MemoryTransferDependencies;

  constructor(dependencies: MemoryTransferDependencies) {
    this.#dependencies = dependencies;
  }

  async others(): Promise<number> {
    return 0;
  }

  async openDeliveries(limit: number, cursor = "0"): Promise<OpenDeliveryPage> {
    const items = [...this.#dependencies.queues].flatMap((queue) => (queue.ephemeral ? [] : [...queue.items()]));
    items.sort((one, other) => one.order - other.order || (one.subscription < other.subscription ? -1 : 1));
    const from = Number(cursor);
    const page = items.slice(from, from + limit);
    const byId = new Map<string, RecordedEvent>();
    for (const recorded of this.#dependencies.log.all()) byId.set(recorded.event.id, recorded);
    const deliveries = page.map((item) => toOpenDelivery(item, byId.get(item.event.id)));
    return page.length < limit ? { deliveries } : { deliveries, cursor: String(from + limit) };
  }

  async addEvents(events: readonly RecordedEvent[]): Promise<void> {
    for (const recorded of events) this.#dependencies.log.record(recorded);
  }

  async addDeliveries(deliveries: readonly OpenDelivery[]): Promise<void> {
    const { queues } = this.#dependencies;
    for (const { subscription } of deliveries) {
      if (queues.get(subscription) === undefined) throw noSubscription(subscription);
    }
    const known = new Set([...queues].flatMap((queue) => [...queue.items()].map(keyOf)));
    for (const { event, acceptedAt, queuedAt, attempts, history: _, ...rest } of deliveries) {
      const { replayId } = rest;
      const delivered = replayId === undefined ? event : markReplay(event, replayId);
      const stored = { ...rest, replayId, event: delivered, acceptedAt: queuedAt ?? acceptedAt, attempt: attempts };
      if (!known.has(keyOf(stored))) queues.take(stored);
    }
  }
}

function toOpenDelivery(item: DeliveryItem, recorded: RecordedEvent | undefined): OpenDelivery {
  const { attempt, failures, dueAt, redriven, replayId, subscription, acceptedAt: queuedAt } = item.stored();
  const requeued = redriven || replayId !== undefined;
  return {
    subscription,
    event: recorded?.event ?? (replayId === undefined ? item.event : unmarked(item.event)),
    history: recorded !== undefined,
    acceptedAt: recorded?.acceptedAt ?? queuedAt,
    ...(requeued ? { queuedAt } : {}),
    ...(dueAt === undefined ? {} : { dueAt }),
    attempts: attempt,
    failures,
    redriven,
    ...(replayId === undefined ? {} : { replayId }),
  };
}

function keyOf({
  event,
  subscription,
  replayId = "",
}: {
  event: Event;
  subscription: string;
  replayId?: string | undefined;
}) {
  return `${subscription} ${replayId} ${event.id}`;
}

function unmarked(event: Event): Event {
  const { replay: _, ...metadata } = event.metadata;
  return { ...event, metadata };
}
