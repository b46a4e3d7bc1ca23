import { processEndedFailure } from "../../delivery/dead-letter.ts";
import type { Delivery, Outcome } from "../../engine/delivery.ts";
import type { Unwatch } from "../../engine/engine.ts";
import type { SessionUpdate } from "../../engines/http/wire/schemas.ts";
import { BusError, toBusError } from "../../error/bus-error.ts";
import type { Timer } from "../../runtime/clock.ts";
import { createReceipt } from "../pull/receipt.ts";
import type { ServedBus } from "../served-bus.ts";
import { formatSse } from "../streams/sse.ts";
import { Outbox } from "./outbox.ts";
import { SessionConsumer } from "./session-consumer.ts";

/** A delivery that a session has, until it is settled or the session is lost. */
interface Held {
  readonly delivery: Delivery;
  readonly consumer: SessionConsumer;
  /** Its place in the stream: what a client that was cut off has not seen is sent again. */
  readonly seq: number;
  readonly text: string;
}

const changedText = formatSse({ event: "changed", data: "{}" });

/** Receipts that were settled, for a client whose answer was lost. */
const remembered = 10_000;

/**
 * An http engine as its server sees it: what it consumes, what it holds, and the subscriptions that end with it. Its client renews
 * it; not renewed for its lease, or without a connection for a third of that, it is lost, and its deliveries have failed.
 */
export class Session {
  readonly id: string;
  readonly leaseMs: number;
  readonly #served: ServedBus;
  readonly #ended: (session: Session) => void;
  readonly #consumers = new Map<number, SessionConsumer>();
  readonly #held = new Map<string, Held>();
  readonly #settled = new Set<string>();
  readonly #ephemeral = new Set<string>();
  readonly #outbox = new Outbox();
  #seq = 0;
  #watching: Unwatch | undefined;
  #expiry: Timer;
  #over = false;

  constructor(id: string, leaseMs: number, served: ServedBus, ended: (session: Session) => void) {
    this.id = id;
    this.leaseMs = leaseMs;
    this.#served = served;
    this.#ended = ended;
    this.renew();
  }

  /** Counts its lease from now. */
  renew(): void {
    this.#expireAfter(this.leaseMs);
  }

  /** Remembers a subscription that ends with it. */
  addEphemeral(subscription: string): void {
    this.#ephemeral.add(subscription);
  }

  /** Has its client told of changes, or no longer. */
  watch(wanted: boolean): void {
    if (!wanted) {
      this.#watching?.();
      this.#watching = undefined;
    } else if (this.#watching === undefined) {
      const changed = () => this.#outbox.putOnce("changed", changedText);
      this.#watching = this.#served.engine.watch(changed);
      // What came before it was watched is a change too.
      changed();
    }
  }

  /** Takes over what its client consumes. */
  consume(wanted: NonNullable<SessionUpdate["consumers"]>): void {
    const ids = new Set(wanted.map(({ id }) => id));
    for (const [id, consumer] of this.#consumers) {
      if (ids.has(id)) continue;
      consumer.stop();
      this.#consumers.delete(id);
    }
    for (const { id, subscription, limit } of wanted) {
      const consumer =
        this.#consumers.get(id) ??
        new SessionConsumer(id, subscription, this.#served.engine.deliveries, {
          deliver: (one, delivery) => this.#deliver(one, delivery),
          settings: (one, record) =>
            this.#outbox.put({
              text: formatSse({ event: "settings", data: JSON.stringify({ consumer: one.id, record }) }),
            }),
          connected: () => this.#outbox.isOpen,
        });
      this.#consumers.set(id, consumer);
      consumer.allow(limit);
    }
  }

  /**
   * Records how a delivery ended, and for how many milliseconds its handler ran, where it did; a second time it does nothing.
   * Rejects with `not_found` where it is not held.
   */
  async settle(receipt: string, outcome: Outcome, ranMs?: number): Promise<void> {
    const held = this.#held.get(receipt);
    if (held === undefined) {
      if (this.#settled.has(receipt)) return;
      throw new BusError("not_found", "the session holds no delivery by this receipt");
    }
    this.#held.delete(receipt);
    try {
      const { clock, engine } = this.#served;
      await engine.deliveries.settle(held.delivery, outcome, ranMs === undefined ? undefined : clock.now() - ranMs);
    } catch (thrown) {
      // Not kept: the client settles it again.
      this.#held.set(receipt, held);
      throw thrown;
    }
    this.#remember(receipt);
    held.consumer.released();
  }

  /** What its client is sent, from behind the message with this number on. Another stream of it ends. */
  async *stream(after: number, signal: AbortSignal): AsyncGenerator<string, void, void> {
    const missed = [...this.#held.values()].filter(({ seq }) => seq > after);
    // Opened before anything is awaited: what is handed over from now on is behind what was missed.
    const texts = this.#outbox.open([{ text: formatSse({ event: "open", data: "{}" }) }, ...missed], signal);
    for (const consumer of this.#consumers.values()) consumer.connected();
    if (this.#watching !== undefined) this.#outbox.putOnce("changed", changedText);
    this.renew();
    try {
      yield* texts;
    } finally {
      if (!this.#outbox.isOpen) this.#expireAfter(this.leaseMs / 3);
    }
  }

  /** Ends it: its deliveries have failed, as those of a process that is gone, or are given back. */
  async end(how: "lost" | "given back"): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const { clock, engine, onError } = this.#served;
    clock.clearTimer(this.#expiry);
    this.watch(false);
    for (const consumer of this.#consumers.values()) consumer.stop();
    this.#outbox.close();
    this.#ended(this);
    const all = [...this.#held.values()];
    this.#held.clear();
    try {
      for (const { delivery, consumer, seq } of all) {
        // What was never sent was not attempted.
        const failed = how === "lost" && seq <= this.#outbox.takenUpTo;
        await engine.deliveries.settle(delivery, failed ? this.#lost(delivery, consumer) : { kind: "released" });
      }
      for (const subscription of this.#ephemeral) await engine.subscriptions.delete(subscription);
    } catch (thrown) {
      onError(toBusError(thrown));
    }
  }

  #lost({ subscription, attempt }: Delivery, consumer: SessionConsumer): Outcome {
    const failure = processEndedFailure(subscription, attempt, this.#served.clock.now());
    const attempts = consumer.settings?.attempts ?? 1;
    return attempt >= attempts ? { kind: "dead", failure } : { kind: "retry", afterMs: 0, failure };
  }

  #deliver(consumer: SessionConsumer, delivery: Delivery): void {
    const { subscription, event, attempt, acceptedAt, failures, redriven, replayId } = delivery;
    const receipt = createReceipt(this.id);
    this.#seq += 1;
    const data = {
      receipt,
      consumer: consumer.id,
      subscription,
      event,
      attempt,
      acceptedAt,
      failures,
      redriven,
      ...(replayId === undefined ? {} : { replayId }),
    };
    const text = formatSse({ id: String(this.#seq), event: "delivery", data: JSON.stringify(data) });
    this.#held.set(receipt, { delivery, consumer, seq: this.#seq, text });
    this.#outbox.put({ text, seq: this.#seq });
  }

  #remember(receipt: string): void {
    this.#settled.add(receipt);
    const [oldest] = this.#settled;
    if (this.#settled.size > remembered && oldest !== undefined) this.#settled.delete(oldest);
  }

  #expireAfter(ms: number): void {
    if (this.#over) return;
    const { clock } = this.#served;
    clock.clearTimer(this.#expiry);
    this.#expiry = clock.setTimer(() => void this.end("lost"), ms);
  }
}
