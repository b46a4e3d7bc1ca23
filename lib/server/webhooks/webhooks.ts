import type { HandlerContext } from "../../delivery/handler.ts";
import { LimitRegistry } from "../../delivery/limits/delivery-limits.ts";
import { Runner } from "../../delivery/runner.ts";
import type { Consumption } from "../../engine/delivery-queue.ts";
import { noSubscription } from "../../engine/errors.ts";
import { BusError, toBusError } from "../../error/bus-error.ts";
import type { Event } from "../../event/event.ts";
import type { Timer } from "../../runtime/clock.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { AnyEvents, ServedBus } from "../served-bus.ts";
import { loadSign, type Sign } from "./message.ts";
import { type PushSettings, push } from "./push.ts";
import { createSecret, type Webhook, WebhookStore } from "./webhook.ts";

/** What a webhook is put with. */
export interface WebhookChange {
  readonly url: string;
  /** Signs from now on. Default: the one that it has, or a new one. */
  readonly secret?: string | undefined;
  /** Whether a new secret is made. */
  readonly rotate: boolean;
  /** Milliseconds for which a secret that is replaced signs too. */
  readonly overlapMs: number;
}

/** What became of it. */
export interface PutWebhook {
  readonly created: boolean;
  readonly webhook: Webhook;
  /** Present where it was made here: it is shown once. */
  readonly secret?: string;
}

/** Milliseconds between two looks at what other servers have changed. A delivery looks for itself. */
const lookMs = 5_000;

/** A subscription whose deliveries this server pushes. */
interface Pushing {
  readonly runner: Runner<AnyEvents>;
  /** Whether the subscription that it began with is deleted. */
  isGone(): boolean;
}

/** Pushes the deliveries of subscriptions that have a webhook, as a subscriber whose handler sends them. */
export class Webhooks {
  readonly #served: ServedBus;
  readonly #store: WebhookStore;
  readonly #settings: PushSettings;
  readonly #limits = new LimitRegistry();
  readonly #pushing = new Map<string, Pushing>();
  #sign: Sign | undefined;
  #looking: Promise<void> = Promise.resolve();
  #timer: Timer;
  #closed = false;

  constructor(served: ServedBus, settings: Omit<PushSettings, "clock">) {
    this.#served = served;
    this.#store = new WebhookStore(served.engine);
    this.#settings = { ...settings, clock: served.clock };
  }

  /** Begins to push for the webhooks that are stored, and looks for changes of other servers from time to time. */
  async start(): Promise<void> {
    if (this.#store.exists) await this.#lookAndGoOn();
  }

  /** Rejects with `not_found` where there is no such subscription. */
  async put(subscription: string, change: WebhookChange): Promise<PutWebhook> {
    await this.#load();
    if ((await this.#served.bus.subscriptions.get(subscription)) === undefined) throw noSubscription(subscription);
    const now = this.#served.clock.now();
    const stored = await this.#store.get(subscription);
    const current = stored?.secrets[0]?.secret;
    const made = change.secret === undefined && (change.rotate || current === undefined) ? createSecret() : undefined;
    const secret = change.secret ?? made ?? current ?? createSecret();
    const at = new Date(now).toISOString();
    const until = new Date(now + change.overlapMs).toISOString();
    const replaced = current === undefined || current === secret ? [] : [{ secret: current, until }];
    const older = (stored?.secrets ?? []).filter((one) => one.until !== undefined && one.secret !== secret);
    const webhook: Webhook = {
      url: change.url,
      secrets: [
        { secret },
        ...[...replaced, ...older].filter((one) => Date.parse(one.until ?? "") > now).slice(0, mostReplaced),
      ],
      createdAt: stored?.createdAt ?? at,
      updatedAt: at,
    };
    await this.#store.put(subscription, webhook);
    await this.#look();
    return { created: stored === undefined, webhook, ...(made === undefined ? {} : { secret: made }) };
  }

  /** `undefined` where the subscription has none. */
  async get(subscription: string): Promise<Webhook | undefined> {
    return this.#store.get(subscription);
  }

  /** False where the subscription has none. What is on its way ends first. */
  async delete(subscription: string): Promise<boolean> {
    const found = await this.#store.delete(subscription);
    await this.#look();
    return found;
  }

  /** Sends nothing new, and resolves once what is on its way has ended; after `graceMs` that returns to its queue. */
  async close(graceMs: number): Promise<void> {
    this.#closed = true;
    const { clock } = this.#served;
    clock.clearTimer(this.#timer);
    await this.#looking;
    const pushing = [...this.#pushing.values()];
    this.#pushing.clear();
    const timer = clock.setTimer(() => {
      for (const { runner } of pushing) runner.abort(closing());
    }, graceMs);
    await Promise.all(pushing.map(({ runner }) => runner.close()));
    clock.clearTimer(timer);
  }

  async #load(): Promise<Sign> {
    this.#sign ??= await loadSign();
    return this.#sign;
  }

  async #lookAndGoOn(): Promise<void> {
    try {
      await this.#look();
    } catch (thrown) {
      this.#served.onError(toBusError(thrown));
    }
    if (!this.#closed) this.#timer = this.#served.clock.setTimer(() => void this.#lookAndGoOn(), lookMs);
  }

  /** Brings what is pushed in line with what is stored; one look after the other. */
  #look(): Promise<void> {
    const look = this.#looking.then(() => this.#align());
    this.#looking = look.catch(() => {});
    return look;
  }

  async #align(): Promise<void> {
    if (this.#closed) return;
    const wanted = new Map<string, SubscriptionRecord>();
    for (const { subscription, webhook } of await this.#store.list()) {
      const state = await this.#served.engine.subscriptions.get(subscription);
      // It was deleted, by whatever way; one of the same name that comes later is another.
      if (state === undefined) await this.#store.delete(subscription);
      else if (webhook.disabled === undefined) wanted.set(subscription, state.record);
    }
    for (const [name, pushing] of this.#pushing) if (!wanted.has(name) || pushing.isGone()) this.#stop(name);
    const sign = wanted.size === 0 ? undefined : await this.#load();
    for (const [name, record] of wanted) {
      if (sign !== undefined && !this.#pushing.has(name)) this.#pushing.set(name, this.#begin(record, sign));
    }
  }

  #begin(record: SubscriptionRecord, sign: Sign): Pushing {
    const { deliveries } = this.#served.engine;
    let consumption: Consumption | undefined;
    const runner = new Runner<AnyEvents>(
      {
        ...this.#served,
        limits: this.#limits,
        deliveries: {
          consume: (name, consumer) => {
            consumption = deliveries.consume(name, consumer);
            return consumption;
          },
          settle: (...outcome) => deliveries.settle(...outcome),
        },
      },
      record,
      { handler: (event: Event, context: HandlerContext) => this.#handle(event, context, sign) },
    );
    return { runner, isGone: () => consumption?.settings === undefined };
  }

  async #handle(event: Event, context: HandlerContext, sign: Sign): Promise<void> {
    const { subscription } = context;
    // As it is now: another server may have changed it.
    const webhook = await this.#store.get(subscription);
    const isOn = webhook !== undefined && webhook.disabled === undefined;
    if (isOn && (await push(this.#settings, webhook, event, context, sign)) === "taken") return;
    if (isOn) await this.#disable(subscription, webhook);
    this.#stop(subscription, closing());
    throw closing();
  }

  /** Keeps its deliveries waiting until somebody puts the webhook again. */
  async #disable(subscription: string, seen: Webhook): Promise<void> {
    const { clock, logger } = this.#served;
    const now = await this.#store.get(subscription);
    // It was put again while the message was on its way.
    if (now === undefined || now.updatedAt !== seen.updatedAt || now.disabled !== undefined) return;
    const at = new Date(clock.now()).toISOString();
    await this.#store.put(subscription, { ...now, disabled: { at, reason: "the receiver answered with 410" } });
    logger.warn("a webhook is disabled: its receiver is gone (410)", { subscription });
  }

  /** Pushes no more of it; with a reason, what is on its way returns to its queue at once, its attempt not counted. */
  #stop(subscription: string, reason?: BusError): void {
    const pushing = this.#pushing.get(subscription);
    if (pushing === undefined) return;
    this.#pushing.delete(subscription);
    const { onError } = this.#served;
    pushing.runner.close().catch((thrown: unknown) => onError(toBusError(thrown)));
    if (reason !== undefined) pushing.runner.abort(reason);
  }
}

/** Replaced secrets that are kept at most: each makes the header longer. */
const mostReplaced = 3;

function closing(): BusError {
  return new BusError("closed", "the webhook sends no more");
}
