import * as waggle from "wagglebus/engine";
import { Journal } from "./journal.ts";

/** An engine of one process that keeps all in one file: `connect({ engine: journalEngine("agents.ndjson") })`. */
export function journalEngine(file: string): waggle.EngineFactory {
  return ({ clock, nextId }) => {
    const journal = new Journal(file);
    const changes = new waggle.ChangeSignal();
    const queues = new waggle.LocalQueues({
      clock,
      changed: () => changes.notify(),
      deadLetter(delivery, reason) {
        const id = nextId();
        journal.put("deadLetters", id, waggle.deadLetterOf(delivery, reason, { id, deadAt: clock.now() }));
      },
      store: {
        putSubscription: (record) => journal.put("subscriptions", record.name, record),
        deleteSubscription: (name) => journal.put("subscriptions", name, null),
        putDelivery: (delivery) => journal.put("deliveries", delivery.id, delivery.stored()),
        deleteDelivery: (delivery) => journal.put("deliveries", delivery.id, null),
      },
    });
    journal.step(() => queues.restore(journal.tables.subscriptions.values(), journal.tables.deliveries.values()));
    return {
      name: "journal",
      capabilities: new Set(["durable", "ordered-publish", "priority", "backpressure", "delay", "settled"]),
      log: eventLog(journal, queues, clock),
      deliveries: deliveryQueue(journal, queues, clock),
      subscriptions: subscriptionStore(journal, queues),
      deadLetters: deadLetterStore(journal),
      watch: (changed) => changes.watch(changed),
      close: async () => queues.clear(),
    };
  };
}

function eventLog(journal: Journal, queues: waggle.LocalQueues, clock: waggle.Clock): waggle.EventLog {
  const { events } = journal.tables;
  /** What history keeps. The position of an event is its place, from 1. */
  const kept: (waggle.RecordedEvent & { readonly position: number })[] = [];
  const keep = (recorded: waggle.RecordedEvent) => kept.push({ ...recorded, position: kept.length + 1 });
  for (const recorded of events.values()) if (recorded.history) keep(recorded);

  return {
    append({ event, ownId, history }) {
      const stored = ownId ? events.get(event.id)?.event : undefined;
      if (stored !== undefined && !waggle.sameContent(stored, event)) throw waggle.idConflict(event);
      if (stored !== undefined) return { event: stored, duplicate: true };
      const recorded = { event, acceptedAt: clock.now(), history };
      journal.step(() => {
        journal.put("events", event.id, recorded);
        queues.route(event, recorded.acceptedAt);
      });
      if (history) keep(recorded);
      return { event, duplicate: false };
    },

    get: async (id) => (events.get(id)?.history === true ? events.get(id)?.event : undefined),

    async query(query, { limit = waggle.defaultPageSize, cursor, order = "newest", upTo = kept.length }) {
      const wants = waggle.historyFilter(query);
      const after = waggle.decodeCursor(cursor, order);
      const found = kept.filter(({ event, acceptedAt, position }) => {
        const isNext = after === undefined || (order === "newest" ? position < after : position > after);
        return isNext && position <= Number(upTo) && wants(event, acceptedAt);
      });
      const { items, ...next } = waggle.takePage(order === "newest" ? found.reverse() : found, limit, order);
      return { events: items, ...next };
    },

    async position(of) {
      if (of === "end") return kept.length;
      if ("time" in of) return kept.filter(({ acceptedAt }) => acceptedAt < of.time).length;
      const found = kept.find(({ event }) => event.id === of.eventId);
      if (found === undefined) throw waggle.noRecordedEvent(of.eventId);
      return found.position;
    },

    async readAfter(position, limit) {
      const read = kept.slice(Number(position), Number(position) + limit);
      return { events: read, position: Number(position) + read.length };
    },
  };
}

function deliveryQueue(journal: Journal, queues: waggle.LocalQueues, clock: waggle.Clock): waggle.DeliveryQueue {
  return {
    consume: (subscription, consumer) => queues.consume(subscription, consumer),
    settle: (delivery, outcome) => journal.step(() => queues.settle(delivery, outcome)),
    pending: async (correlationId, limit) => queues.pending(correlationId, limit),

    async enqueue(subscription, events, { replayId, redrivenFrom = "" }) {
      const queue = queues.get(subscription);
      if (queue === undefined) throw waggle.noSubscription(subscription);
      const deadLetter = journal.tables.deadLetters.get(redrivenFrom);
      // This redrive has been done.
      if (replayId === undefined && deadLetter === undefined) return;
      const requeued = { redriven: deadLetter !== undefined, replayId: replayId ?? deadLetter?.replayId };
      journal.step(() => {
        journal.put("deadLetters", redrivenFrom, null);
        for (const event of events) queues.add(queue, event, clock.now(), requeued);
      });
    },
  };
}

function subscriptionStore(journal: Journal, queues: waggle.LocalQueues): waggle.SubscriptionStore {
  const { deadLetters, events } = journal.tables;
  const deadLettersOf = (name: string) => [...deadLetters.values()].filter((one) => one.subscription === name).length;

  return {
    list: async () => queues.states(deadLettersOf),
    get: async (name) => queues.get(name)?.state(deadLettersOf(name)),
    delete: async (name) => journal.step(() => queues.delete(name)),

    async put(record, { ephemeral }) {
      const past = [...events.values()].filter(({ history }) => history);
      return journal.step(() => queues.put(record, ephemeral, past));
    },
  };
}

function deadLetterStore(journal: Journal): waggle.DeadLetterStore {
  const { deadLetters } = journal.tables;

  return {
    get: async (id) => deadLetters.get(id),
    list: async (query, page) => waggle.deadLetterPage([...deadLetters.values()].reverse(), query, page),
    delete: async (id) => journal.put("deadLetters", id, null),

    async put(deadLetter) {
      if (!deadLetters.has(deadLetter.id)) journal.put("deadLetters", deadLetter.id, deadLetter);
    },
  };
}
