import { parseSubscribe } from "../../bus/subscribe-call.ts";
import type { Delivery } from "../../engine/delivery.ts";
import type { Consumer, Consumption } from "../../engine/delivery-queue.ts";
import { BusError, toBusError } from "../../error/bus-error.ts";
import type { Timer } from "../../runtime/clock.ts";
import type { ServedBus } from "../served-bus.ts";
import { DeltaBuffer, deltaBufferLimits } from "./delta-buffer.ts";

/** Deltas that are taken at once. */
const atOnce = 1_000;

/**
 * What history does not keep, as it is published by any process of the bus: a subscription of this server's own, which ends with it,
 * fills a buffer. So each delta costs a delivery, whether somebody looks or not.
 */
export class DeltaFeed implements Consumer {
  readonly buffer: DeltaBuffer;
  readonly #served: ServedBus;
  readonly #wanted: boolean;
  readonly #waiting = new Set<() => void>();
  #name: string | undefined;
  #consumption: Consumption | undefined;
  #sweep: Timer;

  constructor(served: ServedBus, wanted: boolean) {
    this.#served = served;
    this.#wanted = wanted;
    this.buffer = new DeltaBuffer(served.clock.now);
  }

  /** The name of its subscription, which is nobody else's business; `undefined` where it has none. */
  get subscription(): string | undefined {
    return this.#name;
  }

  async start(): Promise<void> {
    const { catalog, engine } = this.#served;
    const on = catalog.types().filter((type) => catalog.get(type)?.history === false);
    // An engine that does not keep the order of publishes would give a text in pieces.
    if (!this.#wanted || on.length === 0 || !engine.capabilities.has("ordered-publish")) return;
    const { record } = parseSubscribe(this.#served, { on, concurrency: atOnce }, () => {}, {});
    await engine.subscriptions.put(record, { ephemeral: true });
    this.#name = record.name;
    this.#consumption = engine.deliveries.consume(record.name, this);
    this.#consumption.wake();
  }

  /** Throws `invalid_config` where there are none to be had. */
  check(): void {
    if (this.#name !== undefined) return;
    throw new BusError(
      "invalid_config",
      `this server follows no deltas: ${this.#wanted ? "its engine keeps no order of publishes, or its catalog has no type that history leaves out" : "it was started without them"}`,
    );
  }

  /** `promise` resolves once there is one with a greater number; `cancel` has nobody wait for it any more. */
  arrived(after: number): { readonly promise: Promise<void>; cancel(): void } {
    if (this.buffer.last > after) return { promise: Promise.resolve(), cancel: () => {} };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    return { promise, cancel: () => void this.#waiting.delete(resolve) };
  }

  capacity(): number {
    return this.#name === undefined ? 0 : atOnce;
  }

  deliver(delivery: Delivery): void {
    this.buffer.add(delivery.event);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    void this.#settle(delivery);
    this.#sweep ??= this.#served.clock.setTimer(() => this.#dropIdle(), deltaBufferLimits.idleMs);
  }

  expired(): void {}

  async close(): Promise<void> {
    this.#served.clock.clearTimer(this.#sweep);
    this.#consumption?.stop();
    const name = this.#name;
    this.#name = undefined;
    if (name !== undefined) await this.#served.engine.subscriptions.delete(name);
  }

  async #settle(delivery: Delivery): Promise<void> {
    try {
      await this.#served.engine.deliveries.settle(delivery, { kind: "done" });
      this.#consumption?.wake();
    } catch (thrown) {
      this.#served.onError(toBusError(thrown));
    }
  }

  #dropIdle(): void {
    const { clock } = this.#served;
    this.buffer.dropIdle();
    this.#sweep = this.buffer.isEmpty ? undefined : clock.setTimer(() => this.#dropIdle(), deltaBufferLimits.idleMs);
  }
}
