import * as z from "zod";
import type { Capability } from "../../engine/capabilities.ts";
import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeliveryQueue } from "../../engine/delivery-queue.ts";
import type { Engine, EngineContext, Unwatch } from "../../engine/engine.ts";
import type { EngineErasure } from "../../engine/erasure.ts";
import type { SubscriptionStore } from "../../engine/subscription-store.ts";
import { HttpLog } from "./log.ts";
import { HttpDeadLetters, HttpSubscriptions } from "./ports.ts";
import { SessionClient } from "./session-client.ts";
import { Transport } from "./transport.ts";
import { endedResult, engineInfoSchema, erasureCounts, pendingWire, recentlyEndedResult } from "./wire/schemas.ts";

/** Where the server is, and what the engine is made of. */
export interface HttpOptions extends Pick<EngineContext, "clock" | "random" | "onError"> {
  /** As `http://127.0.0.1:4600`. */
  readonly url: string;
  readonly token?: string;
  /** Milliseconds for which the server keeps this process's deliveries where it hears nothing of it. Default 30 s. */
  readonly leaseMs?: number;
}

/** The bus of a server (`waggle serve`), for this process. */
class HttpEngine implements Engine {
  readonly name = "http";
  readonly store: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly log: HttpLog;
  readonly deliveries: DeliveryQueue;
  readonly subscriptions: SubscriptionStore;
  readonly deadLetters: DeadLetterStore;
  readonly erasure?: EngineErasure;
  readonly #transport: Transport;
  readonly #session: SessionClient;

  constructor(
    transport: Transport,
    { capabilities, store }: z.infer<typeof engineInfoSchema>,
    { clock, onError, leaseMs = 30_000 }: HttpOptions,
  ) {
    this.#transport = transport;
    this.store = `http:${store}`;
    // Whoever connects to the server shares its bus. What a bus is moved by is asked of its store, not over HTTP.
    this.capabilities = new Set([...capabilities.filter((one) => one !== "transfer"), "multi-process" as const]);
    this.#session = new SessionClient({ transport, clock, onError, leaseMs });
    this.log = new HttpLog(transport, this.#session);
    this.deliveries = createDeliveries(transport, this.#session, this.capabilities);
    this.subscriptions = new HttpSubscriptions(transport, this.#session, this.capabilities);
    this.deadLetters = new HttpDeadLetters(transport);
    if (this.capabilities.has("erase")) {
      this.erasure = {
        // Sent twice, it would count nothing.
        erase: (selection, request) =>
          transport.call("/v1/engine/erase", erasureCounts, { selection, ...request }, { repeatable: false }),
      };
    }
  }

  watch(changed: () => void): Unwatch {
    return this.#session.changes.watch(changed);
  }

  async close(): Promise<void> {
    await this.log.drained();
    await this.#session.close();
    this.#transport.close();
  }
}

/**
 * Connects to a server. Rejects with `unavailable` where it cannot be reached, with the server's own error where it refuses the
 * token.
 */
export async function openHttp(options: HttpOptions): Promise<Engine> {
  const { url, token, clock, random } = options;
  const transport = new Transport({ url: url.replace(/\/+$/, ""), token, clock, random });
  return new HttpEngine(transport, await transport.call("/v1/engine", engineInfoSchema), options);
}

function createDeliveries(transport: Transport, session: SessionClient, knows: ReadonlySet<Capability>): DeliveryQueue {
  const none = z.object({});
  return {
    consume: (subscription, consumer) => session.consume(subscription, consumer),
    settle: (delivery, outcome, startedAt) => session.settle(delivery, outcome, startedAt),
    enqueue: async (subscription, events, given) => {
      // Sent twice, a replay would be one of its own each time.
      await transport.call("/v1/engine/enqueue", none, { subscription, events, ...given }, { repeatable: false });
    },
    ...(knows.has("settled")
      ? {
          pending: async (correlationId: string, limit?: number) => {
            const found = z.object({ pending: z.array(pendingWire) });
            const body = { correlationId, ...(limit === undefined ? {} : { limit }) };
            // The answer says what nobody handles.
            await session.consumersTold();
            return (await transport.call("/v1/engine/pending", found, body)).pending;
          },
        }
      : {}),
    ...(knows.has("rates")
      ? {
          recentlyEnded: async (since: number, limit: number) => {
            return (await transport.call("/v1/engine/recently-ended", recentlyEndedResult, { since, limit })).ended;
          },
        }
      : {}),
    ...(knows.has("outcomes")
      ? {
          ended: async (correlationId: string) => {
            return (await transport.call("/v1/engine/ended", endedResult, { correlationId })).ended;
          },
        }
      : {}),
  };
}
