import type { Capability } from "../../engine/capabilities.ts";
import { ChangeSignal } from "../../engine/change-signal.ts";
import type { Engine, Unwatch } from "../../engine/engine.ts";
import type { EngineErasure } from "../../engine/erasure.ts";
import { StoredErasure } from "../../history/erase.ts";
import type { Clock } from "../../runtime/clock.ts";
import { MemoryDeadLetters } from "./dead-letters.ts";
import { MemoryDeliveries } from "./deliveries.ts";
import { MemoryDocuments } from "./documents.ts";
import { EndedDeliveries } from "./ended-deliveries.ts";
import { MemoryLog } from "./log.ts";
import { MemorySubscriptions } from "./subscriptions.ts";
import { MemoryTransfer } from "./transfer.ts";

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
  readonly capabilities: ReadonlySet<Capability> = new Set<Capability>([
    "ordered-publish",
    "priority",
    "backpressure",
    "delay",
    "settled",
    "outcomes",
    "pause",
    "rates",
    "transfer",
    "erase",
  ]);
  readonly log: MemoryLog;
  readonly deliveries: MemoryDeliveries;
  readonly subscriptions: MemorySubscriptions;
  readonly deadLetters = new MemoryDeadLetters();
  readonly documents = new MemoryDocuments();
  readonly transfer: MemoryTransfer;
  readonly erasure: EngineErasure;
  readonly #ended: EndedDeliveries;
  readonly #changes = new ChangeSignal();

  constructor({ clock, nextId, keep = 100_000 }: MemoryOptions) {
    const { deadLetters } = this;
    const changes = this.#changes;
    const ended = new EndedDeliveries(keep);
    this.#ended = ended;
    this.deliveries = new MemoryDeliveries({ clock, nextId, deadLetters, ended, changes });
    const { queues } = this.deliveries;
    this.log = new MemoryLog({ clock, queues }, keep);
    this.subscriptions = new MemorySubscriptions({
      log: this.log,
      queues,
      deadLetters,
      changed: () => changes.notify(),
    });
    this.transfer = new MemoryTransfer({ log: this.log, queues });
    this.erasure = new StoredErasure({
      log: this.log,
      deadLetters,
      transfer: this.transfer,
      store: {
        replaceEvents: async (ids, change) => {
          const wanted = new Set(ids);
          this.log.replace(wanted, change);
          queues.replace(wanted, change);
        },
        replaceDeadLetters: async (ids, change) => deadLetters.replace(ids, change),
      },
    });
  }

  watch(changed: () => void): Unwatch {
    return this.#changes.watch(changed);
  }

  async close(): Promise<void> {
    this.deliveries.queues.clear();
    this.#changes.clear();
  }

  /** Whether deliveries wait for nothing but their turn. */
  get runnable(): boolean {
    return this.deliveries.queues.runnable;
  }

  /** Forgets events, deliveries, how these ended, and dead letters; subscriptions stay. */
  reset(): void {
    this.deliveries.queues.clear();
    this.log.clear();
    this.deadLetters.clear();
    this.#ended.clear();
  }
}
