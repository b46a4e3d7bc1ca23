import type { Middleware } from "../../bus/middleware.ts";
import { retryHint } from "../../delivery/handler-errors.ts";
import type { Delivery, Outcome } from "../../engine/delivery.ts";
import type { Consumer, DeliveryQueue } from "../../engine/delivery-queue.ts";
import type { Engine } from "../../engine/engine.ts";
import type { SubscriptionStore } from "../../engine/subscription-store.ts";
import { BusError, toBusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import { replaceMethods } from "../replace-methods.ts";
import type { AttemptNote, Note } from "./note.ts";

type Unstamped<N> = N extends unknown ? Omit<N, "at" | "process"> : never;

/** What a process would say. */
export type NewNote = Unstamped<Note>;

/** Options of {@link LedgerRecorder}. */
export interface LedgerRecorderOptions {
  /** Names the process; default `"main"`. Each start of a program needs a name of its own. */
  readonly process?: string;
  /** Takes each note, in order, before what it tells of goes on. */
  write(note: Note): void;
  /** Milliseconds since 1970; default: the clock of the operating system. */
  now?(): number;
}

/**
 * Writes down what happens on a bus. `new LedgerRecorder({ write })` and `connect({ use: [recorder.middleware] })` note the
 * publishes and the attempts of one bus; `checkHistory` judges them.
 */
export class LedgerRecorder {
  readonly #write: (note: Note) => void;
  readonly #process: string;
  readonly #now: () => number;

  constructor({ process = "main", write, now = Date.now }: LedgerRecorderOptions) {
    this.#process = process;
    this.#write = write;
    this.#now = now;
  }

  /** Writes one note. */
  note(note: NewNote): void {
    this.#write({ at: this.#now(), process: this.#process, ...note } as Note);
  }

  /** Notes each publish and each attempt; for `use`, as the outermost. */
  readonly middleware: Middleware = {
    publish: (entry, next) => {
      this.note({ kind: "offered", event: entry.event, ...(entry.history ? {} : { history: false }) });
      const appended = next(entry);
      const accepted = () => this.note({ kind: "accepted", event: entry.event.id });
      if (!(appended instanceof Promise)) {
        accepted();
        return appended;
      }
      return appended.then((taken) => {
        accepted();
        return taken;
      });
    },
    handle: async (event, { attempt, redriven, subscription }, next) => {
      const about = attemptOf(subscription, event, attempt);
      this.note({ kind: "started", ...about, ...(redriven ? { redriven } : {}) });
      try {
        const result = await next();
        this.note({ kind: "succeeded", ...about });
        return result;
      } catch (thrown) {
        this.note({ kind: "failed", ...about, ...how(thrown) });
        throw thrown;
      }
    },
  };

  /** The engine, with its subscriptions and the ends of attempts noted: more than a bus's middleware can see. */
  watch(engine: Engine): Engine {
    return replaceMethods(engine, {
      subscriptions: this.#watchSubscriptions(engine.subscriptions),
      deliveries: this.#watchDeliveries(engine.deliveries),
    });
  }

  #watchSubscriptions(store: SubscriptionStore): SubscriptionStore {
    return replaceMethods(store, {
      put: async (record, options) => {
        const result = await store.put(record, options);
        this.note({ kind: "subscribed", subscription: record, ...(options.ephemeral ? { ephemeral: true } : {}) });
        return result;
      },
      delete: async (name) => {
        const deleted = await store.delete(name);
        if (deleted) this.note({ kind: "unsubscribed", subscription: name });
        return deleted;
      },
    });
  }

  #watchDeliveries(queue: DeliveryQueue): DeliveryQueue {
    const consumers = new Map<Delivery, Consumer>();
    return replaceMethods(queue, {
      // Without `unrecorded`, so that each end has a promise that says when it is kept.
      consume: (subscription, consumer) =>
        queue.consume(subscription, {
          capacity: () => consumer.capacity(),
          expired: () => consumer.expired(),
          deliver: (delivery) => {
            consumers.set(delivery, consumer);
            consumer.deliver(delivery);
          },
        }),
      settle: (delivery, outcome, startedAt, endedAt) => {
        const consumer = consumers.get(delivery);
        consumers.delete(delivery);
        const recorded = queue.settle(delivery, outcome, startedAt, endedAt);
        if (recorded === undefined) {
          this.#settled(delivery, outcome);
          return;
        }
        const told = recorded.then(() => this.#settled(delivery, outcome));
        if (consumer?.unrecorded === undefined) return told;
        told.catch((thrown: unknown) => consumer.unrecorded?.(toBusError(thrown)));
      },
    });
  }

  #settled({ attempt, event, subscription }: Delivery, { kind }: Outcome): void {
    this.note({ kind: "settled", ...attemptOf(subscription, event, attempt), outcome: kind });
  }
}

/** What names an attempt. */
export function attemptOf(subscription: string, event: Event, attempt: number): AttemptNote {
  const replay = event.metadata.replay?.id;
  return { subscription, event: event.id, ...(replay === undefined ? {} : { replay }), attempt };
}

function how(thrown: unknown): { final?: true; released?: true } {
  const hint = retryHint(thrown);
  if (hint !== undefined && "never" in hint) return { final: true };
  const isReleased =
    (hint !== undefined && "parkMs" in hint) || (thrown instanceof BusError && thrown.code === "closed");
  return isReleased ? { released: true } : {};
}
