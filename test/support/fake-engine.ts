import type { EventArchive } from "../../lib/engine/archive.ts";
import type { Capability } from "../../lib/engine/capabilities.ts";
import { ChangeSignal } from "../../lib/engine/change-signal.ts";
import type { DeadLetterStore } from "../../lib/engine/dead-letter-store.ts";
import type { DeliveryQueue } from "../../lib/engine/delivery-queue.ts";
import type { Engine, Unwatch } from "../../lib/engine/engine.ts";
import type { EventLog } from "../../lib/engine/event-log.ts";
import type { SubscriptionStore } from "../../lib/engine/subscription-store.ts";
import { MemoryEngine } from "../../lib/engines/memory/index.ts";
import type { Clock } from "../../lib/runtime/clock.ts";
import { ManualClock } from "../../lib/testing/manual-clock.ts";

/** A method of a port. */
export type PortMethod =
  | `log.${keyof EventLog}`
  | `deliveries.${keyof DeliveryQueue}`
  | `subscriptions.${keyof SubscriptionStore}`
  | `deadLetters.${keyof DeadLetterStore}`
  | "close";

export interface FakeEngineOptions {
  readonly clock?: Clock;
  readonly capabilities?: readonly Capability[];
  /** Optional methods that it has not got. */
  readonly without?: readonly ("deliveries.pending" | "deliveries.ended" | "log.flow")[];
  readonly archive?: EventArchive;
  /** Called before each call is answered. */
  readonly onCall?: (method: PortMethod) => void;
}

/** One call that was held: it has done its work, and nobody has its answer yet. */
export interface HeldCall {
  readonly args: readonly unknown[];
  /** Gives the answer as it was when the call was made. */
  release(): void;
  reject(error: unknown): void;
}

/** Calls of one method that are held, in the order in which they were made. */
export interface Hold {
  readonly calls: readonly HeldCall[];
  /** Calls from now on are answered at once; those held stay held. */
  end(): void;
}

/**
 * A memory engine whose ports can be told to reject, to answer late and out of order, and to notify late; it keeps all calls.
 */
export class FakeEngine implements Engine {
  readonly name = "fake";
  readonly capabilities: ReadonlySet<Capability>;
  readonly memory: MemoryEngine;
  readonly log: EventLog;
  readonly deliveries: DeliveryQueue;
  readonly subscriptions: SubscriptionStore;
  readonly deadLetters: DeadLetterStore;
  readonly archive?: EventArchive;
  /** How many watch it now. */
  watchers = 0;
  readonly #calls: { readonly method: PortMethod; readonly args: readonly unknown[] }[] = [];
  readonly #failures = new Map<PortMethod, unknown[]>();
  readonly #holds = new Map<PortMethod, HeldCall[]>();
  readonly #changes = new ChangeSignal();
  readonly #onCall: ((method: PortMethod) => void) | undefined;
  #late = false;

  constructor({ clock = new ManualClock(), capabilities, without = [], archive, onCall }: FakeEngineOptions = {}) {
    this.#onCall = onCall;
    let ids = 0;
    const nextId = () => {
      ids += 1;
      return `dead-${String(ids).padStart(4, "0")}`;
    };
    this.memory = new MemoryEngine({ clock, nextId });
    this.capabilities = capabilities === undefined ? this.memory.capabilities : new Set(capabilities);
    this.log = this.#faulty("log", this.memory.log, without);
    this.deliveries = this.#faulty("deliveries", this.memory.deliveries, without);
    this.subscriptions = this.#faulty("subscriptions", this.memory.subscriptions, without);
    this.deadLetters = this.#faulty("deadLetters", this.memory.deadLetters, without);
    if (archive !== undefined) this.archive = archive;
    this.memory.watch(() => {
      if (!this.#late) this.#changes.notify();
    });
  }

  /** The arguments of all calls of a method so far. */
  calls(method: PortMethod): (readonly unknown[])[] {
    return this.#calls.filter((call) => call.method === method).map(({ args }) => args);
  }

  /** All methods that were called, in order. */
  get called(): PortMethod[] {
    return this.#calls.map(({ method }) => method);
  }

  /** Has the next calls of a method reject, one for each error, without doing anything. */
  fail(method: PortMethod, ...errors: unknown[]): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), ...errors]);
  }

  /** Holds the answers of all calls of a method from now on. */
  hold(method: PortMethod): Hold {
    const calls: HeldCall[] = [];
    this.#holds.set(method, calls);
    return { calls, end: () => this.#holds.delete(method) };
  }

  /** Tells nobody of changes from now on. */
  muteChanges(): void {
    this.#late = true;
  }

  /** Tells of what was changed meanwhile, and again of what changes from now on. */
  tellChanges(): void {
    this.#late = false;
    this.#changes.notify();
  }

  watch(changed: () => void): Unwatch {
    this.watchers += 1;
    const unwatch = this.#changes.watch(changed);
    let ended = false;
    return () => {
      if (!ended) this.watchers -= 1;
      ended = true;
      unwatch();
    };
  }

  close(): Promise<void> {
    return Promise.resolve(this.#call("close", [], () => this.memory.close()));
  }

  #faulty<Port extends object>(port: string, target: Port, without: readonly string[]): Port {
    return new Proxy(target, {
      get: (_, property) => {
        const name = `${port}.${String(property)}`;
        const member: unknown = Reflect.get(target, property, target);
        if (without.includes(name)) return undefined;
        if (typeof member !== "function" || !isPortMethod(name)) return member;
        return (...args: unknown[]) => this.#call(name, args, () => Reflect.apply(member, target, args));
      },
    });
  }

  #call<Result>(method: PortMethod, args: readonly unknown[], act: () => Result): Result | Promise<Result> {
    this.#calls.push({ method, args });
    this.#onCall?.(method);
    const [error, ...later] = this.#failures.get(method) ?? [];
    if (error !== undefined) {
      this.#failures.set(method, later);
      return Promise.reject(error);
    }
    const held = this.#holds.get(method);
    const answer = act();
    if (held === undefined) return answer;
    return new Promise((resolve, reject) => {
      held.push({ args, release: () => resolve(answer), reject });
    });
  }
}

const portMethods: ReadonlySet<string> = new Set<PortMethod>([
  "log.append",
  "log.get",
  "log.query",
  "log.position",
  "log.readAfter",
  "log.flow",
  "log.stats",
  "log.recentlySeen",
  "deliveries.consume",
  "deliveries.settle",
  "deliveries.enqueue",
  "deliveries.pending",
  "deliveries.ended",
  "subscriptions.put",
  "subscriptions.list",
  "subscriptions.get",
  "subscriptions.delete",
  "deadLetters.put",
  "deadLetters.list",
  "deadLetters.get",
  "deadLetters.delete",
]);

function isPortMethod(name: string): name is PortMethod {
  return portMethods.has(name);
}
