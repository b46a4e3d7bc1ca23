import type { DatabaseSync, StatementSync } from "node:sqlite";
import { noSubscription, unknownCursor } from "../../../engine/errors.ts";
import type { RecordedEvent } from "../../../engine/event-log.ts";
import type { EngineTransfer, OpenDelivery, OpenDeliveryPage } from "../../../engine/transfer.ts";
import { type DeliveryTable, type Hold, stateOf } from "../deliveries/delivery-table.ts";
import { holdOf } from "../deliveries/enqueue.ts";
import type { Replays } from "../deliveries/replays.ts";
import { failuresColumn } from "../deliveries/settlements.ts";
import type { EventTable } from "../publishing/event-table.ts";
import type { FileAccess } from "../storage/file-access.ts";
import { integer, optionalInteger, optionalText, parseEvent, parseFailures, text } from "../storage/rows.ts";
import type { SubscriptionCache } from "../subscriptions/subscription-cache.ts";

export interface EmbeddedTransferDependencies {
  readonly access: FileAccess;
  readonly subscriptionCache: SubscriptionCache;
  readonly queue: DeliveryTable;
  readonly events: EventTable;
  readonly replays: Replays;
  /** This process. */
  readonly processId: number;
  now(): number;
}

/** Moves what a file holds to another engine, or takes over what another one held. */
export class EmbeddedTransfer implements EngineTransfer {
  readonly #dependencies: EmbeddedTransferDependencies;
  readonly #others: StatementSync;
  readonly #open: StatementSync;
  readonly #setAttempts: StatementSync;

  constructor(db: DatabaseSync, dependencies: EmbeddedTransferDependencies) {
    this.#dependencies = dependencies;
    this.#others = db.prepare("SELECT count(*) AS count FROM processes WHERE id <> ?");
    // No index has this order: each page looks through all deliveries, so pages should be large.
    this.#open = db.prepare(
      `SELECT d.seq, d.sub, d.replay, d.state, d.attempts, d.due, d.queued, d.redriven, d.failures,
         s.name, r.replay AS replay_id, e.body, e.accepted, e.history
       FROM deliveries AS d JOIN subscriptions AS s ON s.id = d.sub JOIN events AS e ON e.seq = d.seq
         LEFT JOIN replays AS r ON r.id = d.replay
       WHERE s.process_id IS NULL AND (d.seq, d.sub, d.replay) > (?, ?, ?) ORDER BY d.seq, d.sub, d.replay LIMIT ?`,
    );
    this.#setAttempts = db.prepare(
      "UPDATE deliveries SET attempts = ?, failures = ? WHERE sub = ? AND priority = ? AND seq = ? AND replay = ?",
    );
  }

  async others(): Promise<number> {
    const { access, processId } = this.#dependencies;
    return access.read(() => integer(this.#others.get(processId)?.count));
  }

  async openDeliveries(limit: number, cursor?: string): Promise<OpenDeliveryPage> {
    const after = parseCursor(cursor);
    const rows = await this.#dependencies.access.read(() => this.#open.all(...after, limit));
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      deliveries: rows.map(toOpenDelivery),
      ...(last === undefined ? {} : { cursor: `${last.seq} ${last.sub} ${last.replay}` }),
    };
  }

  async addEvents(recorded: readonly RecordedEvent[]): Promise<void> {
    const { access, events } = this.#dependencies;
    await access.write(() => {
      let before: number | undefined;
      for (const { event, acceptedAt } of recorded) {
        if (events.locate(event.id) !== undefined) continue;
        // What is summed up over a transaction is of one time.
        if (before !== undefined && acceptedAt !== before) events.write();
        before = acceptedAt;
        events.insert(event, JSON.stringify(event), acceptedAt, true);
      }
    });
  }

  async addDeliveries(deliveries: readonly OpenDelivery[]): Promise<void> {
    await this.#dependencies.access.write(() => {
      const now = this.#dependencies.now();
      for (const delivery of deliveries) this.#add(delivery, now);
    });
  }

  #add(delivery: OpenDelivery, now: number): void {
    const { events, queue, replays, subscriptionCache } = this.#dependencies;
    const { event, replayId, subscription } = delivery;
    const sub = subscriptionCache.byName(subscription);
    if (sub === undefined) throw noSubscription(subscription);
    const location = events.locate(event.id);
    const { priority } = event.metadata;
    const replay = replayId === undefined ? 0 : replays.numberOf(replayId);
    if (location !== undefined && queue.has({ sub, priority, seq: location.seq, replay })) return;
    const seq = location?.seq ?? events.insertTransient(event, JSON.stringify(event), delivery.acceptedAt, 1);
    if (location?.history === false) events.holdTransient(location.seq);
    const ordering = sub.keyOf?.(event);
    const blocked = ordering !== undefined && queue.occupied(sub, ordering);
    const held = blocked ? holdOf(event, now) : heldUntil(delivery.dueAt, now);
    const { queuedAt: queued, redriven } = delivery;
    queue.insert({ sub, priority, seq, replay }, { blocked, ordering, held, queued, redriven });
    const { attempts, failures } = delivery;
    if (attempts > 0) this.#setAttempts.run(attempts, failuresColumn(failures), sub.id, priority, seq, replay);
  }
}

function heldUntil(due: number | undefined, now: number): Hold | undefined {
  return due !== undefined && due > now ? { due, delay: due - now } : undefined;
}

function toOpenDelivery(row: Readonly<Record<string, unknown>>): OpenDelivery {
  const queuedAt = optionalInteger(row.queued);
  const dueAt = row.state === stateOf.delayed ? optionalInteger(row.due) : undefined;
  const replayId = optionalText(row.replay_id);
  return {
    subscription: text(row.name),
    event: parseEvent(row.body),
    history: integer(row.history) === 1,
    acceptedAt: integer(row.accepted),
    ...(queuedAt === undefined ? {} : { queuedAt }),
    ...(dueAt === undefined ? {} : { dueAt }),
    attempts: integer(row.attempts),
    failures: parseFailures(row.failures),
    redriven: optionalInteger(row.redriven) === 1,
    ...(replayId === undefined ? {} : { replayId }),
  };
}

function parseCursor(cursor: string | undefined): [number, number, number] {
  const [seq, sub, replay] = cursor === undefined ? [0, 0, 0] : cursor.split(" ").map(Number);
  if (seq === undefined || sub === undefined || replay === undefined) throw unknownCursor(cursor ?? "");
  return [seq, sub, replay];
}
