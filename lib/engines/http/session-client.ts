import * as z from "zod";
import { ChangeSignal } from "../../engine/change-signal.ts";
import type { Delivery, Outcome } from "../../engine/delivery.ts";
import type { Consumer, Consumption } from "../../engine/delivery-queue.ts";
import type { PutResult } from "../../engine/subscription-store.ts";
import { type BusError, toBusError } from "../../error/bus-error.ts";
import type { Clock, Timer } from "../../runtime/clock.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { ClientConsumer } from "./client-consumer.ts";
import { Holdings } from "./holdings.ts";
import { Stream } from "./stream.ts";
import type { Transport } from "./transport.ts";
import { deliveryWire, recordWire, type SessionUpdate } from "./wire/schemas.ts";
import type { ReceivedMessage } from "./wire/sse-reader.ts";

export interface SessionClientDependencies {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly onError: (error: BusError) => void;
}

const putResult = z.object({ created: z.boolean(), changed: z.array(z.string()) });
const settingsMessage = z.object({ consumer: z.number(), record: recordWire });

/** Milliseconds before the server is told again, where it could not be. */
const pauseMs = 200;

/**
 * This process as the server knows it: what it consumes and holds. It is opened when it is first needed, renewed within its lease,
 * and opened anew where the server lost it; what still runs here by then is taken over, and not run a second time.
 */
export class SessionClient {
  readonly changes: ChangeSignal;
  readonly #dependencies: SessionClientDependencies;
  readonly #consumers = new Map<number, ClientConsumer>();
  readonly #ephemeral = new Map<string, SubscriptionRecord>();
  readonly #holdings = new Holdings();
  readonly #stream: Stream;
  #id: Promise<string> | undefined;
  #nextConsumer = 1;
  #tellConsumers = false;
  /** Whether the server is being told what each consumer takes. */
  #tellingConsumers = false;
  #tellWatch = false;
  #renew = false;
  #sending: Promise<void> | undefined;
  /** Called once the server was told what it is to be told now, or could not be. */
  #whenTold: (() => void)[] = [];
  #renewal: Timer;
  #closed = false;
  /** Closed while the server is away: it will find the session lost. */
  #gaveUp = false;

  constructor(dependencies: SessionClientDependencies) {
    this.#dependencies = dependencies;
    const watch = () => {
      this.#tellWatch = true;
      this.#send();
    };
    this.changes = new ChangeSignal({ onFirst: watch, onLast: watch });
    this.#stream = new Stream(dependencies, {
      open: () => this.#session(),
      lost: (id) => this.#lose(id),
      message: (message) => this.#received(message),
    });
  }

  consume(subscription: string, consumer: Consumer): Consumption {
    const id = this.#nextConsumer;
    this.#nextConsumer += 1;
    const own = new ClientConsumer(id, subscription, consumer);
    this.#consumers.set(id, own);
    // The consumer may not be asked before it has what this returns.
    queueMicrotask(() => this.#allow(own, true));
    return {
      get settings() {
        return own.settings;
      },
      wake: () => this.#allow(own),
      stop: () => {
        if (!this.#consumers.delete(id)) return;
        this.#tellConsumers = true;
        this.#send();
      },
    };
  }

  /** Resolves once the server has kept it, or has the delivery no more: it comes again then, and ends in the same way. */
  settle(delivery: Delivery, outcome: Outcome, startedAt?: number): Promise<void> {
    const ranMs = startedAt === undefined ? undefined : Math.max(0, this.#dependencies.clock.now() - startedAt);
    const settled = this.#holdings.settle(delivery, { outcome, ...(ranMs === undefined ? {} : { ranMs }) });
    this.#send();
    return settled;
  }

  /**
   * Resolves once the server knows how much each consumer takes, or cannot be told; `undefined` where it knows. A consumer that was
   * paused tells nobody, and must not be handed what is published after that.
   */
  limitsTold(): Promise<void> | undefined {
    const changed = [...this.#consumers.values()].filter((consumer) => consumer.changeLimit());
    if (changed.length > 0) this.#tellConsumers = true;
    else if (!this.#tellConsumers && !this.#tellingConsumers) return undefined;
    const told = new Promise<void>((resolve) => this.#whenTold.push(resolve));
    this.#send();
    return told;
  }

  /** Creates a subscription that ends with this process. */
  async putEphemeral(record: SubscriptionRecord): Promise<PutResult> {
    this.#ephemeral.set(record.name, record);
    return this.#put(record, await this.#session());
  }

  /** It was deleted: it is not made again. */
  forgetEphemeral(subscription: string): void {
    this.#ephemeral.delete(subscription);
  }

  /** Tells the server how everything has ended, and ends; while handlers still run, it stays until the last of them has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.changes.clear();
    this.#consumers.clear();
    this.#tellConsumers = this.#id !== undefined;
    this.#send();
    await this.#sending;
    await this.#endIfIdle();
  }

  async #endIfIdle(): Promise<void> {
    if (!this.#closed || this.#holdings.size > 0 || this.#id === undefined) return;
    const { clock, transport } = this.#dependencies;
    const opened = this.#id;
    this.#id = undefined;
    clock.clearTimer(this.#renewal);
    this.#stream.stop();
    try {
      await transport.call(`/v1/engine/sessions/${await opened}`, z.null(), undefined, {
        method: "DELETE",
        repeatable: false,
      });
    } catch {
      // It is lost by itself.
    }
  }

  /** The session, opened where there is none. Rejects where the server is away. */
  #session(): Promise<string> {
    this.#id ??= this.#open();
    this.#stream.start();
    return this.#id;
  }

  async #open(): Promise<string> {
    const { transport, leaseMs } = this.#dependencies;
    try {
      const { id } = await transport.call("/v1/engine/sessions", z.object({ id: z.string() }), { leaseMs });
      for (const record of this.#ephemeral.values()) await this.#put(record, id);
      this.#tellConsumers = true;
      this.#tellWatch = true;
      this.#renewLater();
      return id;
    } catch (thrown) {
      this.#id = undefined;
      throw thrown;
    }
  }

  #put(record: SubscriptionRecord, session: string): Promise<PutResult> {
    return this.#dependencies.transport.call("/v1/engine/subscriptions", putResult, { record, session });
  }

  /** The server does not know the session any more: what it handed out comes again. */
  async #lose(id: string): Promise<void> {
    if (this.#id === undefined || (await this.#id.catch(() => undefined)) !== id) return;
    this.#id = undefined;
    this.#holdings.lost();
    this.#stream.reset();
    if (this.#closed) return;
    this.#tellConsumers = true;
    this.#send();
  }

  #allow(consumer: ClientConsumer, always = false): void {
    if (!this.#consumers.has(consumer.id) || (!consumer.changeLimit() && !always)) return;
    this.#tellConsumers = true;
    this.#send();
  }

  #renewLater(): void {
    const { clock, leaseMs } = this.#dependencies;
    clock.clearTimer(this.#renewal);
    this.#renewal = clock.setTimer(() => {
      this.#renew = true;
      this.#send();
    }, leaseMs / 3);
  }

  /** Sends what there is to tell, one request after the other: the last one counts. */
  #send(): void {
    this.#sending ??= Promise.resolve()
      .then(() => this.#sendAll())
      .finally(() => {
        this.#sending = undefined;
        if (this.#hasNews()) this.#send();
      });
  }

  #hasNews(): boolean {
    if (this.#gaveUp) return false;
    const needed = this.#id !== undefined || this.#consumers.size > 0 || this.changes.watched;
    return (
      needed &&
      (this.#whenTold.length > 0 || this.#tellConsumers || this.#tellWatch || this.#renew || this.#holdings.hasOutcomes)
    );
  }

  async #sendAll(): Promise<void> {
    while (this.#hasNews()) {
      let id: string | undefined;
      const told = this.#whenTold.splice(0);
      const outcomes = this.#holdings.takeOutcomes();
      try {
        id = await this.#session();
        this.#tellingConsumers = this.#tellConsumers;
        const update = this.#update(outcomes.map(({ receipt, end }) => ({ receipt, ...end })));
        const { unknown } = await this.#dependencies.transport.call(
          `/v1/engine/sessions/${id}`,
          z.object({ unknown: z.array(z.string()) }),
          update,
        );
        this.#holdings.told(outcomes, new Set(unknown));
        this.#renewLater();
      } catch (thrown) {
        this.#holdings.notTold(outcomes);
        this.#tellConsumers = true;
        this.#tellWatch = true;
        const error = toBusError(thrown);
        if (error.code === "not_found" && id !== undefined) await this.#lose(id);
        else if (this.#closed) this.#gaveUp = true;
        else await this.#failed(error);
      } finally {
        this.#tellingConsumers = false;
        for (const resolve of told) resolve();
      }
    }
    await this.#endIfIdle();
  }

  #update(settle: NonNullable<SessionUpdate["settle"]>): SessionUpdate {
    const update: SessionUpdate = {
      ...(this.#tellConsumers
        ? {
            consumers: [...this.#consumers.values()].map(({ id, subscription, limit }) => ({
              id,
              subscription,
              limit,
            })),
          }
        : {}),
      ...(this.#tellWatch ? { watch: this.changes.watched } : {}),
      ...(settle.length === 0 ? {} : { settle }),
    };
    this.#tellConsumers = false;
    this.#tellWatch = false;
    this.#renew = false;
    return update;
  }

  /** The server is away, or refuses: it is told again later. */
  #failed(error: BusError): Promise<void> {
    const { clock, onError } = this.#dependencies;
    if (error.code !== "unavailable" && error.code !== "closed") onError(error);
    return new Promise((resolve) => {
      clock.setTimer(resolve, pauseMs, { keepAlive: true });
    });
  }

  #received({ event, data }: ReceivedMessage): void {
    switch (event) {
      case "open":
      case "changed":
        this.changes.notify();
        break;
      case "settings": {
        const { consumer, record } = settingsMessage.parse(JSON.parse(data));
        const own = this.#consumers.get(consumer);
        if (own === undefined) break;
        own.settings = record;
        this.#allow(own);
        break;
      }
      case "delivery":
        this.#delivered(deliveryWire.parse(JSON.parse(data)));
        break;
    }
  }

  #delivered({ receipt, consumer: id, ...delivery }: z.infer<typeof deliveryWire>): void {
    const consumer = this.#consumers.get(id);
    const free = consumer === undefined ? 0 : consumer.capacity();
    if (this.#holdings.take(receipt, delivery, consumer, free > 0) === "deliver") {
      consumer?.deliver(delivery);
      return;
    }
    // A consumer that was paused tells nobody: with what it gives back, the server hears that it takes no more.
    if (consumer !== undefined) this.#allow(consumer);
    this.#send();
  }
}
