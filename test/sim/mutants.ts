import type { Delivery } from "../../lib/engine/delivery.ts";
import type { Consumer } from "../../lib/engine/delivery-queue.ts";
import type { Engine } from "../../lib/engine/engine.ts";
import type { SubscriptionRecord } from "../../lib/subscription/subscription.ts";

/** An engine with a bug in it: what a mutant does to a good one. */
export type Mutation = (engine: Engine) => Engine;

/** The ports of an engine with some of their methods in other words. */
function change<Port extends object>(port: Port, methods: (port: Port) => Partial<Port>): Port {
  const changed = methods(port);
  return new Proxy(port, {
    get: (target, name) => {
      if (Object.hasOwn(changed, name)) return Reflect.get(changed, name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

const inLog = (methods: (log: Engine["log"]) => Partial<Engine["log"]>): Mutation => {
  return (engine) => change(engine, () => ({ log: change(engine.log, methods) }));
};
const inQueue = (methods: (queue: Engine["deliveries"]) => Partial<Engine["deliveries"]>): Mutation => {
  return (engine) => change(engine, () => ({ deliveries: change(engine.deliveries, methods) }));
};
const inRecord = (changed: (record: SubscriptionRecord) => SubscriptionRecord): Mutation => {
  return (engine) =>
    change(engine, () => ({
      subscriptions: change(engine.subscriptions, (store) => ({
        put: (record, options) => store.put(changed(record), options),
      })),
    }));
};
/** Between the queue and whoever consumes it. */
const inHandover = (
  deliver: (consumer: Consumer, delivery: Delivery, queue: Engine["deliveries"]) => void,
): Mutation => {
  return inQueue((queue) => ({
    consume: (subscription, consumer) =>
      queue.consume(
        subscription,
        change(consumer, () => ({ deliver: (delivery) => deliver(consumer, delivery, queue) })),
      ),
  }));
};

/** The same with other deliveries than those that the queue gives, which knows its own only. */
const inDelivery = (changed: (delivery: Delivery) => Partial<Delivery>): Mutation => {
  const originals = new WeakMap<Delivery, Delivery>();
  return inQueue((queue) => ({
    consume: (subscription, consumer) =>
      queue.consume(
        subscription,
        change(consumer, () => ({
          deliver: (delivery) => {
            const other: Delivery = change(delivery, () => changed(delivery));
            originals.set(other, delivery);
            consumer.deliver(other);
          },
        })),
      ),
    settle: (delivery, ...how) => queue.settle(originals.get(delivery) ?? delivery, ...how),
  }));
};

const sometimes = (share = 0.1) => Math.random() < share;
const later = (run: () => void, ms: number) => void setTimeout(run, ms);

/** Bugs that engines have had, or could have. Each breaks one promise, most of them only now and then. */
export const mutants: Readonly<Record<string, Mutation>> = {
  "an event is accepted and not stored": inLog((log) => ({
    append: (entry) => (sometimes() ? { event: entry.event, duplicate: false } : log.append(entry)),
  })),
  "a publish resolves before the event is stored": inLog((log) => ({
    append: (entry) => {
      Promise.resolve(log.append(entry)).catch(() => {});
      return { event: entry.event, duplicate: false };
    },
  })),
  "a publish that failed is repeated under another id": inLog((log) => ({
    append: async (entry) => {
      try {
        return await log.append(entry);
      } catch {
        const event = { ...entry.event, id: `${entry.event.id}-again` };
        await log.append({ ...entry, event });
        return { event: entry.event, duplicate: false };
      }
    },
  })),
  "an event is stored twice": inLog((log) => ({
    append: async (entry) => {
      const appended = await log.append(entry);
      if (sometimes()) await log.append({ ...entry, event: { ...entry.event, id: `${entry.event.id}-again` } });
      return appended;
    },
  })),
  "a delayed event is delivered at once": inLog((log) => ({
    append: (entry) => {
      const { deliverAt: _, ...metadata } = entry.event.metadata;
      return log.append({ ...entry, event: { ...entry.event, metadata } });
    },
  })),
  "history leaves an event out": inLog((log) => ({
    query: async (...args) => {
      const read = await log.query(...args);
      return { ...read, events: read.events.filter(() => !sometimes()) };
    },
  })),
  "history has an event twice": inLog((log) => ({
    query: async (...args) => {
      const read = await log.query(...args);
      return { ...read, events: read.events.flatMap((event) => (sometimes() ? [event, event] : [event])) };
    },
  })),
  "history is in another order": inLog((log) => ({
    query: async (...args) => {
      const read = await log.query(...args);
      return { ...read, events: read.events.toReversed() };
    },
  })),
  "a delivery is dropped on its way to the handler": inHandover((consumer, delivery, queue) => {
    if (sometimes()) void queue.settle(delivery, { kind: "done" });
    else consumer.deliver(delivery);
  }),
  "a delivery is never handed over": inHandover((consumer, delivery) => {
    if (!sometimes()) consumer.deliver(delivery);
  }),
  "a delivery is handed over twice at once": inHandover((consumer, delivery) => {
    consumer.deliver(delivery);
    if (sometimes()) consumer.deliver(delivery);
  }),
  "a delivery that succeeded is handed over again": inHandover((consumer, delivery) => {
    consumer.deliver(delivery);
    if (sometimes()) later(() => consumer.deliver(delivery), 5_000);
  }),
  "a handler gets the event of another delivery": (engine) => {
    let last: Delivery | undefined;
    return inDelivery((delivery) => {
      const event = last?.subscription === delivery.subscription && sometimes() ? last.event : delivery.event;
      last = delivery;
      return { event };
    })(engine);
  },
  "attempts are not counted": inDelivery(() => ({ attempt: 1 })),
  "attempts go on beyond the limit": inRecord((record) => ({ ...record, attempts: 100 })),
  "an attempt counts twice": inDelivery(({ attempt }) => ({ attempt: 2 * attempt })),
  "a failed attempt is recorded as a success": inQueue((queue) => ({
    settle: (delivery, outcome, ...times) =>
      queue.settle(delivery, outcome.kind === "retry" && sometimes() ? { kind: "done" } : outcome, ...times),
  })),
  "a success is recorded as a failure": inQueue((queue) => ({
    settle: (delivery, outcome, ...times) => {
      const failure = { code: "handler_error", message: "", at: new Date().toISOString(), attempt: 1 } as const;
      const changed =
        outcome.kind === "done" && sometimes() ? ({ kind: "retry", afterMs: 10, failure } as const) : outcome;
      return queue.settle(delivery, changed, ...times);
    },
  })),
  "the end of an attempt is not recorded": inQueue((queue) => ({
    settle: (...args) => (sometimes() ? undefined : queue.settle(...args)),
  })),
  "a delivery is dead after its first failure": inQueue((queue) => ({
    settle: (delivery, outcome, ...times) =>
      queue.settle(
        delivery,
        outcome.kind === "retry" && sometimes() ? { ...outcome, kind: "dead" } : outcome,
        ...times,
      ),
  })),
  "a dead letter is lost": inQueue((queue) => ({
    settle: (delivery, outcome, ...times) =>
      queue.settle(delivery, outcome.kind === "dead" ? { kind: "dropped" } : outcome, ...times),
  })),
  "a dead letter is there twice": (engine) =>
    change(engine, () => ({
      deadLetters: change(engine.deadLetters, (store) => ({
        list: async (...args) => {
          const page = await store.list(...args);
          return { ...page, deadLetters: page.deadLetters.flatMap((letter) => [letter, letter]) };
        },
      })),
    })),
  "what has succeeded is a dead letter, too": inQueue((queue) => ({
    settle: (delivery, outcome, ...times) => {
      const failure = { code: "handler_error", message: "", at: new Date().toISOString(), attempt: 1 } as const;
      const changed = outcome.kind === "done" && sometimes() ? ({ kind: "dead", failure } as const) : outcome;
      return queue.settle(delivery, changed, ...times);
    },
  })),
  "keys are not kept in order": inRecord(({ ordered: _, ...record }) => record),
  "concurrency is exceeded": inRecord((record) => ({ ...record, concurrency: 10 * record.concurrency })),
  "a `where` is not looked at": inRecord(({ where: _, ...record }) => record),
  "one of several types is not delivered": inRecord((record) => ({ ...record, on: record.on.slice(0, 1) })),
  "no attempt times out": inRecord((record) => ({ ...record, timeout: 43_200_000 })),
};
