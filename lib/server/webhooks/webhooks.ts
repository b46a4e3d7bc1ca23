import type { HandlerContext } from "../../delivery/handler.ts";
import { LimitRegistry } from "../../delivery/limits/delivery-limits.ts";
import { Runner } from "../../delivery/runner.ts";
import type { Consumption } from "../../engine/delivery-queue.ts";
import { noSubscription } from "../../engine/errors.ts";
import { BusError, toBusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";
import type { Event } from "../../event/event.ts";
import type { Timer } from "../../runtime/clock.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { AnyEvents, ServedBus } from "../served-bus.ts";
import { deliveryMessage, loadSign, type Message, type Sign } from "./message.ts";
import { type Ending, type Occurrences, terminatedMessage } from "./occurrences.ts";
import { type PushSettings, push } from "./push.ts";
import { createSecret, replaceSecret, type Webhook, type WebhookStore } from "./webhook.ts";

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

/** Milliseconds for a receiver to take the word that its subscription is over. */
const farewellMs = 5_000;

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
  readonly #occurrences: Occurrences;
  readonly #settings: PushSettings;
  readonly #limits = new LimitRegistry();
  readonly #pushing = new Map<string, Pushing>();
  #sign: Sign | undefined;
  #looking: Promise<void> = Promise.resolve();
  #timer: Timer;
  #closed = false;
  readonly #farewells = new Set<Promise<void>>();

  constructor(served: ServedBus, store: WebhookStore, occurrences: Occurrences, settings: Omit<PushSettings, "clock">) {
    this.#served = served;
    this.#store = store;
    this.#occurrences = occurrences;
    this.#settings = { ...settings, clock: served.clock };
  }

  /** Begins to push for the webhooks that are stored, and looks for changes of other servers from time to time. */
  async start(): Promise<void> {
    if (this.#store.exists) await this.#lookAndGoOn();
  }

  /** Rejects with `not_found` where there is no such subscription. */
  async put(subscription: string, change: WebhookChange): Promise<PutWebhook> {
    await this.sign();
    if ((await this.#served.bus.subscriptions.get(subscription)) === undefined) throw noSubscription(subscription);
    const now = this.#served.clock.now();
    const stored = await this.#store.get(subscription);
    if (stored?.mcp !== undefined) throw ofClient(subscription);
    const current = stored?.secrets[0]?.secret;
    const made = change.secret === undefined && (change.rotate || current === undefined) ? createSecret() : undefined;
    const secret = change.secret ?? made ?? current ?? createSecret();
    const at = new Date(now).toISOString();
    const webhook: Webhook = {
      url: change.url,
      secrets: replaceSecret(stored, secret, { now, overlapMs: change.overlapMs }),
      createdAt: stored?.createdAt ?? at,
      updatedAt: at,
    };
    await this.#store.put(subscription, webhook);
    await this.look();
    return { created: stored === undefined, webhook, ...(made === undefined ? {} : { secret: made }) };
  }

  /** `undefined` where the subscription has none. */
  async get(subscription: string): Promise<Webhook | undefined> {
    return this.#store.get(subscription);
  }

  /** False where the subscription has none. What is on its way ends first. */
  async delete(subscription: string): Promise<boolean> {
    const found = await this.#store.delete(subscription);
    await this.look();
    return found;
  }

  /** Loads what signs. Rejects with `invalid_config` where its package is missing. */
  async sign(): Promise<Sign> {
    this.#sign ??= await loadSign();
    return this.#sign;
  }

  /** Brings what is pushed in line with what is stored; one look after the other. */
  look(): Promise<void> {
    const look = this.#looking.then(() => this.#align());
    this.#looking = look.catch(() => {});
    return look;
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
    await Promise.all([...pushing.map(({ runner }) => runner.close()), ...this.#farewells]);
    clock.clearTimer(timer);
  }

  async #lookAndGoOn(): Promise<void> {
    try {
      await this.look();
    } catch (thrown) {
      this.#served.onError(toBusError(thrown));
    }
    if (!this.#closed) this.#timer = this.#served.clock.setTimer(() => void this.#lookAndGoOn(), lookMs);
  }

  async #align(): Promise<void> {
    if (this.#closed) return;
    const wanted = new Map<string, SubscriptionRecord>();
    for (const { subscription, webhook } of await this.#store.list()) {
      const ending = webhook.mcp && (await this.#occurrences.ending(webhook.mcp, webhook));
      if (ending !== undefined) await this.#end(subscription, ending);
      if (ending !== undefined || webhook.mcp?.pending === true) continue;
      const state = await this.#served.engine.subscriptions.get(subscription);
      // It was deleted, by whatever way; one of the same name that comes later is another.
      if (state === undefined) await this.#store.delete(subscription);
      else if (webhook.disabled === undefined) wanted.set(subscription, state.record);
    }
    for (const [name, pushing] of this.#pushing) if (!wanted.has(name) || pushing.isGone()) this.#stop(name);
    const sign = wanted.size === 0 ? undefined : await this.sign();
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
    const isOn = webhook !== undefined && webhook.disabled === undefined && (await this.#isLive(webhook));
    if (isOn) {
      const message = await this.#messageOf(webhook, event, context);
      if (message === undefined) return;
      if ((await push(this.#settings, webhook, message, context.signal, sign)) === "taken") return;
      await this.#disable(subscription, webhook);
    }
    this.#stop(subscription, closing());
    throw closing();
  }

  async #isLive({ mcp, updatedAt }: Webhook): Promise<boolean> {
    return mcp === undefined || (await this.#occurrences.ending(mcp, { updatedAt })) === undefined;
  }

  /** Undefined where the receiver has not asked for it. */
  async #messageOf({ mcp }: Webhook, event: Event, context: HandlerContext): Promise<Message | undefined> {
    return mcp === undefined
      ? deliveryMessage(event, context)
      : this.#occurrences.message(mcp, context.subscription, event);
  }

  /** Ends the subscription of an MCP client, and tells its receiver where that cannot know. */
  async #end(subscription: string, ending: Ending): Promise<void> {
    const { engine } = this.#served;
    // As it is now: it may have been refreshed.
    const webhook = await this.#store.get(subscription);
    if (webhook === undefined || (await this.#isLive(webhook))) return;
    await engine.subscriptions.delete(subscription);
    const isOurs = await this.#store.delete(subscription);
    if (!isOurs || ending !== "forbidden") return;
    const farewell = this.#sayGoodbye(subscription, webhook);
    this.#farewells.add(farewell);
    void farewell.finally(() => this.#farewells.delete(farewell));
  }

  async #sayGoodbye(subscription: string, webhook: Webhook): Promise<void> {
    const { clock, logger } = this.#served;
    const late = new AbortController();
    const timer = clock.setTimer(() => late.abort(), farewellMs);
    try {
      await push(this.#settings, webhook, terminatedMessage(subscription), late.signal, await this.sign());
    } catch (thrown) {
      logger.warn("the receiver of an MCP client was not told that its subscription is over", {
        subscription,
        reason: messageOf(thrown),
      });
    } finally {
      clock.clearTimer(timer);
    }
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

/** One of an MCP client is the client's to change. */
export function ofClient(subscription: string): BusError {
  return new BusError(
    "conflict",
    `subscription ${subscription} was made by an MCP client, which changes it by events/subscribe; delete the subscription to end it`,
  );
}

function closing(): BusError {
  return new BusError("closed", "the webhook sends no more");
}
