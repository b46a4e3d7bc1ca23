import * as z from "zod";
import { parseSubscribe } from "../../bus/subscribe-call.ts";
import { noSubscription } from "../../engine/errors.ts";
import { BusError } from "../../error/bus-error.ts";
import type { Access } from "../access/access.ts";
import { flag } from "../http/query.ts";
import { route } from "../http/route.ts";
import { type SettleItem, settleAll, settleResultSchema } from "../pull/settle.ts";
import { eventSchema } from "../schemas/event.ts";
import {
  subscriptionRatesSchema,
  subscriptionSettingsSchema,
  subscriptionStateSchema,
} from "../schemas/subscription.ts";
import type { ServedBus } from "../served-bus.ts";

const name = z.object({ name: z.string() });

/** The longest long poll for deliveries. */
const longestPullMs = 60_000;
/** The longest delay of a retry and the longest extension: what every engine can keep. */
const longestDelayMs = 39_600_000;

export const listSubscriptions = route({
  method: "GET",
  path: "/v1/subscriptions",
  summary: "List subscriptions with their depths",
  permission: "subscribe",
  query: z.strictObject({
    rates: flag.exactOptional().meta({ description: "`1`: with `rates`, of what ended in the last 5 minutes." }),
  }),
  result: z.object({
    subscriptions: z.array(subscriptionStateSchema),
    rates: z
      .object({
        overMs: z.number().meta({ description: "Milliseconds up to now that they are of." }),
        subscriptions: z.record(z.string(), subscriptionRatesSchema),
      })
      .exactOptional()
      .meta({ description: "Where asked for; absent where the engine does not record how deliveries end." }),
  }),
  handle: async ({ server, access, query }) => {
    const { subscriptions: ports } = server.served.bus;
    const [all, rates] = await Promise.all([ports.list(), query.rates === true ? ports.rates() : undefined]);
    const { subscription: own } = server.deltas;
    const subscriptions = all.filter(({ record }) => record.name !== own && mayRead(access, record.on));
    if (rates === undefined) return { subscriptions };
    const shown = subscriptions.flatMap(({ record: { name: one } }) => {
      const found = rates.subscriptions.get(one);
      return found === undefined ? [] : [[one, found] as const];
    });
    return { subscriptions, rates: { overMs: rates.overMs, subscriptions: Object.fromEntries(shown) } };
  },
});

export const getSubscription = route({
  method: "GET",
  path: "/v1/subscriptions/{name}",
  summary: "Get one subscription with its depths",
  permission: "subscribe",
  params: name,
  result: subscriptionStateSchema,
  handle: async ({ server, access, params }) => {
    const state = await server.served.bus.subscriptions.get(params.name);
    if (state === undefined || !mayRead(access, state.record.on)) throw noSubscription(params.name);
    return state;
  },
});

export const putSubscription = route({
  method: "PUT",
  path: "/v1/subscriptions/{name}",
  summary: "Create a subscription, or change its settings",
  description: "It is durable: it collects events from now on, or from `from`, whether somebody pulls or not.",
  permission: "subscribe",
  params: name,
  body: subscriptionSettingsSchema,
  lenient: true,
  result: z.object({
    created: z.boolean(),
    changed: z.array(z.string()).meta({ description: "Settings that differed from the stored ones." }),
  }),
  handle: async ({ server: { served }, access, params, body }) => {
    const { ackTimeout, ...settings } = body;
    if (ackTimeout !== undefined && settings.timeout !== undefined) {
      throw new BusError("invalid_config", "ackTimeout and timeout are the same; give one of them", {
        details: { path: "ackTimeout" },
      });
    }
    const { record } = parseSubscribe(
      served,
      { ...settings, ...(ackTimeout === undefined ? {} : { timeout: ackTimeout }), name: params.name },
      () => {},
      {},
    );
    access.checkTypes(record.on);
    // Nor may it take over a subscription to what it may not see.
    await checkStored(served, access, record.name);
    return served.engine.subscriptions.put(record, { ephemeral: false });
  },
});

export const deleteSubscription = route({
  method: "DELETE",
  path: "/v1/subscriptions/{name}",
  summary: "Delete a subscription with its undelivered deliveries",
  permission: "operate",
  params: name,
  result: z.undefined(),
  handle: async ({ server, access, params }) => {
    await checkStored(server.served, access, params.name);
    if (!(await server.served.bus.subscriptions.delete(params.name))) throw noSubscription(params.name);
    server.pulls.deleted(params.name);
    await server.webhooks.delete(params.name);
    return undefined;
  },
});

const pauseAnswer = z.object({ changed: z.boolean().meta({ description: "False where it was so already." }) });

export const pauseSubscription = route({
  method: "POST",
  path: "/v1/subscriptions/{name}/pause",
  summary: "Pause a subscription for all its consumers",
  description:
    "It goes on collecting, and hands no delivery over until it is resumed; pulls wait. What was handed over goes on, and no attempt " +
    "is counted meanwhile. It stays paused when the server is started anew.",
  permission: "operate",
  params: name,
  result: pauseAnswer,
  handle: async ({ server: { served }, access, params }) => {
    await checkStored(served, access, params.name);
    return { changed: await served.bus.subscriptions.pause(params.name) };
  },
});

export const resumeSubscription = route({
  method: "POST",
  path: "/v1/subscriptions/{name}/resume",
  summary: "Have a paused subscription go on",
  permission: "operate",
  params: name,
  result: pauseAnswer,
  handle: async ({ server: { served }, access, params }) => {
    await checkStored(served, access, params.name);
    return { changed: await served.bus.subscriptions.resume(params.name) };
  },
});

/** Throws `forbidden` where the subscription is there and is to types that the token is not for. */
export async function checkStored({ bus }: Pick<ServedBus, "bus">, access: Access, name: string): Promise<void> {
  const stored = await bus.subscriptions.get(name);
  if (stored !== undefined) access.checkTypes(stored.record.on);
}

export const pullDeliveries = route({
  method: "POST",
  path: "/v1/subscriptions/{name}/pull",
  summary: "Take deliveries",
  description:
    "Answers as soon as there is a delivery, with what there is by then, at most `max`; with none after `waitMs`. Each is the client's until " +
    "`ackBy`; one that is not settled by then has failed and returns.",
  permission: "subscribe",
  params: name,
  body: z.strictObject({
    max: z.int().min(1).max(1_000).exactOptional().meta({ description: "Default 10." }),
    waitMs: z.int().min(0).max(longestPullMs).exactOptional().meta({ description: "Default 0." }),
  }),
  lenient: true,
  result: z.object({
    deliveries: z.array(
      z.object({ receipt: z.string(), attempt: z.int(), redriven: z.boolean(), ackBy: z.string(), event: eventSchema }),
    ),
  }),
  handle: async ({ server: { pulls }, access, params, body, signal }) => {
    access.checkTypes((await pulls.settingsOf(params.name)).on);
    const held = await pulls.pull(params.name, body.max ?? 10, body.waitMs ?? 0, signal);
    return {
      deliveries: held.map(({ receipt, delivery, event, ackBy }) => ({
        receipt,
        attempt: delivery.attempt,
        redriven: delivery.redriven,
        ackBy: new Date(ackBy).toISOString(),
        event,
      })),
    };
  },
});

/** Of any length: one that is none fails by itself, and harms no other. */
const receipt = z.string();
const error = z.string().max(8_192).exactOptional().meta({ description: "Why; it is kept with the failed attempt." });

export const settleDeliveries = route({
  method: "POST",
  path: "/v1/subscriptions/{name}/settle",
  summary: "Say how deliveries ended",
  description:
    "`ack`: done. `retry`: failed, and attempted again after `delayMs`, or the backoff of the subscription, while there are attempts left. " +
    "`reject`: failed for good, a dead letter. `extend`: still at work, for `ms` from now. `release`: not begun, and handed back, its attempt not counted. One result for each receipt, in this order. Any server " +
    "of the bus on the machine takes it.",
  permission: "subscribe",
  params: name,
  body: z.strictObject({
    ack: z.array(receipt).exactOptional(),
    retry: z
      .array(z.strictObject({ receipt, delayMs: z.int().min(0).max(longestDelayMs).exactOptional(), error }))
      .exactOptional(),
    reject: z.array(z.strictObject({ receipt, error })).exactOptional(),
    extend: z.array(z.strictObject({ receipt, ms: z.int().min(1).max(longestDelayMs) })).exactOptional(),
    release: z.array(receipt).exactOptional(),
  }),
  lenient: true,
  result: z.object({ results: z.array(settleResultSchema) }),
  handle: async ({ server, params, body, request }) => {
    const { ack = [], retry = [], reject = [], extend = [], release = [] } = body;
    if (Object.keys(body).length === 0)
      throw new BusError(
        "invalid_config",
        "there is nothing to settle; give receipts in ack, retry, reject, extend or release",
      );
    const items: SettleItem[] = [
      ...ack.map((one): SettleItem => ({ receipt: one, settlement: { kind: "ack" } })),
      ...retry.map(({ receipt: one, ...how }): SettleItem => ({ receipt: one, settlement: { kind: "retry", ...how } })),
      ...reject.map(
        ({ receipt: one, ...how }): SettleItem => ({ receipt: one, settlement: { kind: "reject", ...how } }),
      ),
      ...extend.map(({ receipt: one, ms }): SettleItem => ({ receipt: one, settlement: { kind: "extend", ms } })),
      ...release.map((one): SettleItem => ({ receipt: one, settlement: { kind: "release" } })),
    ];
    return { results: await settleAll(server, params.name, items, request) };
  },
});

function mayRead(access: Access, on: readonly string[]): boolean {
  try {
    access.checkTypes(on);
    return true;
  } catch {
    return false;
  }
}
