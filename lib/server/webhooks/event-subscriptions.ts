import { createHash } from "node:crypto";
import { canonicalJson } from "../../engine/content-digest.ts";
import type { Position } from "../../engine/event-log.ts";
import { BusError } from "../../error/bus-error.ts";
import { EventFeed, type FeedSource } from "../../mcp/events/feed.ts";
import type { EventArguments } from "../../mcp/events/protocol.ts";
import {
  type EventTarget,
  type EventWebhooks,
  LimitReached,
  type SubscribedWebhook,
  type WantedWebhook,
} from "../../mcp/events/webhooks.ts";
import { subscriptionRecord } from "../../subscription/index.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import type { ServedBus } from "../served-bus.ts";
import type { ServerSettings } from "../settings.ts";
import { checkReceiver } from "./check-receiver.ts";
import { verifyReceiver } from "./verify-receiver.ts";
import { replaceSecret, type StoredEventTarget, secretSchema, type Webhook, type WebhookStore } from "./webhook.ts";
import type { Webhooks } from "./webhooks.ts";

/** Milliseconds that a subscription lasts: where the client does not say, and the bounds of what it may ask for. */
const ttlMs = { default: 86_400_000, least: 60_000, most: 2_592_000_000 } as const;

/** Milliseconds for which a receiver that was verified is not asked again. */
const verifiedForMs = 86_400_000;

/** Milliseconds for which a secret that a refresh has replaced signs too. */
const overlapMs = 300_000;

const most = { ofCaller: 50, inAll: 1_000, verifications: 16 } as const;

/** Milliseconds by which the clocks of a machine and of its database may differ. */
const skewMs = 60_000;

/** How deliveries to clients are tried: one after the other, so that a cursor has everything before it. */
const tried = { attempts: 10, backoff: { from: "2s", to: "10m" }, timeout: "20s", concurrency: 1, ordered: "type" };

interface Dependencies {
  readonly served: ServedBus;
  readonly settings: ServerSettings;
  readonly source: FeedSource;
  readonly store: WebhookStore;
  readonly webhooks: Webhooks;
}

/** The events that MCP clients have pushed to them: durable subscriptions with a webhook each, which end unless they are refreshed. */
export class EventSubscriptions {
  readonly #served: ServedBus;
  readonly #settings: ServerSettings;
  readonly #source: FeedSource;
  readonly #store: WebhookStore;
  readonly #webhooks: Webhooks;
  /** Changes of one subscription take turns. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #verifying = 0;

  constructor({ served, settings, source, store, webhooks }: Dependencies) {
    this.#served = served;
    this.#settings = settings;
    this.#source = source;
    this.#store = store;
    this.#webhooks = webhooks;
  }

  /** Those of the holder of a token; undefined where the engine keeps no webhooks. */
  of(principal: string): EventWebhooks | undefined {
    if (!this.#store.exists) return undefined;
    return {
      subscribe: (wanted) => this.#subscribe(principal, wanted),
      unsubscribe: (target) => this.#unsubscribe(principal, target),
    };
  }

  async #subscribe(principal: string, wanted: WantedWebhook): Promise<SubscribedWebhook> {
    const secret = secretSchema.safeParse(wanted.secret);
    if (!secret.success) throw invalid("delivery.secret", "must be whsec_ and 24 to 64 bytes as base64");
    const url = await checkReceiver(wanted.url, this.#settings);
    const target = { ...wanted, url };
    const id = idOf(principal, target);
    return this.#inTurn(id, async () => {
      const stored = await this.#store.get(id);
      const live = stored?.mcp !== undefined && (await this.#isLive(id, stored.mcp)) ? stored : undefined;
      return live === undefined ? this.#create(principal, id, target) : this.#refresh(id, target, live);
    });
  }

  async #unsubscribe(principal: string, { url, ...target }: EventTarget): Promise<void> {
    // In the same form as it was subscribed; a value that is not a URL names nothing.
    const id = idOf(principal, { ...target, url: URL.canParse(url) ? new URL(url).href : url });
    await this.#inTurn(id, async () => {
      if ((await this.#store.get(id)) === undefined) return;
      await this.#served.engine.subscriptions.delete(id);
      await this.#webhooks.delete(id);
    });
  }

  /** Whether it is there whole, and has not ended. */
  async #isLive(id: string, { pending, refreshBefore }: StoredEventTarget): Promise<boolean> {
    if (pending === true || Date.parse(refreshBefore) <= this.#served.clock.now()) return false;
    return (await this.#served.engine.subscriptions.get(id)) !== undefined;
  }

  async #create(principal: string, id: string, wanted: WantedWebhook): Promise<SubscribedWebhook> {
    const { clock, engine } = this.#served;
    await this.#checkRoom(principal);
    await this.#verify(id, wanted);
    const feed = new EventFeed(this.#source, wanted.name, wanted.arguments);
    const begin = await feed.begin(wanted.cursor, wanted.maxAgeMs);
    const now = clock.now();
    const at = new Date(now).toISOString();
    const mcp: StoredEventTarget = {
      principal,
      name: wanted.name,
      arguments: wanted.arguments,
      after: begin.position,
      cursor: feed.encode(begin),
      refreshBefore: endOf(wanted, now),
      verifiedAt: at,
    };
    const webhook: Webhook = {
      url: wanted.url,
      secrets: [{ secret: wanted.secret }],
      createdAt: at,
      updatedAt: at,
      mcp,
    };
    // First, so that a server which is killed in between leaves nothing that collects for ever.
    await this.#store.put(id, { ...webhook, mcp: { ...mcp, pending: true } });
    // Of one that has ended, or was not made whole.
    await engine.subscriptions.delete(id);
    const from = await this.#timeAfter(feed, begin.position);
    await engine.subscriptions.put(recordOf(id, wanted, from), { ephemeral: false });
    await this.#store.put(id, webhook);
    await this.#webhooks.look();
    return { id, refreshBefore: mcp.refreshBefore, cursor: mcp.cursor, truncated: begin.truncated };
  }

  /** The deliveries go on where they are; one whose receiver was gone (410) goes on again. */
  async #refresh(id: string, wanted: WantedWebhook, stored: Webhook): Promise<SubscribedWebhook> {
    const { clock } = this.#served;
    const { disabled, mcp, ...kept } = stored;
    if (mcp === undefined) throw new BusError("conflict", `subscription ${id} is none of an MCP client`);
    const isNew = stored.secrets[0]?.secret !== wanted.secret || disabled !== undefined;
    const isVerified = !isNew && Date.parse(mcp.verifiedAt) + verifiedForMs > clock.now();
    if (!isVerified) await this.#verify(id, wanted);
    const now = clock.now();
    const at = new Date(now).toISOString();
    const refreshBefore = endOf(wanted, now);
    await this.#store.put(id, {
      ...kept,
      secrets: replaceSecret(stored, wanted.secret, { now, overlapMs }),
      updatedAt: at,
      mcp: { ...mcp, refreshBefore, ...(isVerified ? {} : { verifiedAt: at }) },
    });
    await this.#webhooks.look();
    return { id, refreshBefore, cursor: wanted.cursor ?? mcp.cursor, truncated: false };
  }

  async #checkRoom(principal: string): Promise<void> {
    const stored = (await this.#store.list()).flatMap(({ webhook }) => webhook.mcp ?? []);
    if (stored.length >= most.inAll) throw new LimitReached("subscriptions", most.inAll);
    const own = stored.filter((one) => one.principal === principal);
    if (own.length >= most.ofCaller) throw new LimitReached("subscriptions", most.ofCaller);
  }

  async #verify(subscription: string, { url, secret }: WantedWebhook): Promise<void> {
    if (this.#verifying >= most.verifications) throw new LimitReached("concurrent_verifications", most.verifications);
    this.#verifying += 1;
    try {
      const { allowPrivateWebhooks: allowPrivate, resolveWebhooks: resolve } = this.#settings;
      const { clock } = this.#served;
      const sign = await this.#webhooks.sign();
      await verifyReceiver({ clock, allowPrivate, resolve }, { url, secret, subscription }, sign);
    } finally {
      this.#verifying -= 1;
    }
  }

  /** When what lies behind a position was accepted: a subscription begins at a time. */
  async #timeAfter({ wanted }: EventFeed, position: Position): Promise<string> {
    const { clock, engine } = this.#served;
    const before = clock.now() - skewMs;
    for (let from = position; ; ) {
      const read = await engine.log.readAfter(from, 1, wanted);
      const [next] = read.events;
      if (next !== undefined) return new Date(next.acceptedAt).toISOString();
      if (read.atEnd ?? read.position === from) return new Date(before).toISOString();
      from = read.position;
    }
  }

  async #inTurn<Result>(id: string, work: () => Promise<Result>): Promise<Result> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).catch(() => {}).then(work);
    this.#turns.set(id, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(id) === turn) this.#turns.delete(id);
    }
  }
}

/** The same for the same caller, address, type and arguments, so that a client that lost the answer finds it again. */
function idOf(principal: string, { arguments: narrowed, name, url }: EventTarget): string {
  const key = canonicalJson([principal, url, name, narrowed]);
  return `mcp-${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
}

function endOf({ ttlMs: wanted }: Pick<WantedWebhook, "ttlMs">, now: number): string {
  const ms = wanted === null ? ttlMs.most : (wanted ?? ttlMs.default);
  return new Date(now + Math.min(ttlMs.most, Math.max(ttlMs.least, ms))).toISOString();
}

function recordOf(name: string, wanted: EventTarget, from: string): SubscriptionRecord {
  const where = whereOf(wanted.arguments);
  return subscriptionRecord({ ...tried, name, on: [wanted.name], from, ...(where === undefined ? {} : { where }) });
}

/** As much of the arguments as one pattern can hold; each event is looked at again before it is sent. */
function whereOf({ agentId, correlationId, source, tag, where = {} }: EventArguments): object | undefined {
  // The type is that of the subscription.
  const { type: _, ...given } = where;
  const metadata = {
    ...(agentId === undefined ? {} : { agentId: [agentId] }),
    ...(correlationId === undefined ? {} : { correlationId: [correlationId] }),
    ...(tag === undefined ? {} : { tags: [tag] }),
  };
  const isFree = !Object.keys(given).some((key) => key === "metadata" || key.startsWith("metadata."));
  const all = {
    ...(source === undefined ? {} : { source: [source] }),
    ...(isFree && Object.keys(metadata).length > 0 ? { metadata } : {}),
    ...given,
  };
  return Object.keys(all).length === 0 ? undefined : all;
}

function invalid(path: string, why: string): BusError {
  return new BusError("invalid_config", `${path} ${why}`, { details: { path } });
}
