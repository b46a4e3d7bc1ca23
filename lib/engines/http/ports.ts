import * as z from "zod";
import type { Capability } from "../../engine/capabilities.ts";
import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeadLetter } from "../../engine/delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../engine/queries.ts";
import type { PutResult, SubscriptionState, SubscriptionStore } from "../../engine/subscription-store.ts";
import { toBusError } from "../../error/bus-error.ts";
import type { SubscriptionRecord } from "../../subscription/subscription.ts";
import { freezeEvent } from "./freeze.ts";
import type { SessionClient } from "./session-client.ts";
import type { Transport } from "./transport.ts";
import { deadLetterWire, stateWire } from "./wire/schemas.ts";

const putResult = z.object({ created: z.boolean(), changed: z.array(z.string()) });
const pauseResult = z.object({ changed: z.boolean() });
const deadLetterPage = z.object({ deadLetters: z.array(deadLetterWire), cursor: z.string().exactOptional() });

/** The subscriptions of the server's bus. */
export class HttpSubscriptions implements SubscriptionStore {
  readonly #transport: Transport;
  readonly #session: SessionClient;
  readonly setPaused?: NonNullable<SubscriptionStore["setPaused"]>;

  constructor(transport: Transport, session: SessionClient, knows: ReadonlySet<Capability>) {
    this.#transport = transport;
    this.#session = session;
    if (!knows.has("pause")) return;
    this.setPaused = async (name, paused) => {
      const path = `/v1/subscriptions/${encodeURIComponent(name)}/${paused ? "pause" : "resume"}`;
      return (await foundBy(transport.call(path, pauseResult, {})))?.changed;
    };
  }

  async put(record: SubscriptionRecord, { ephemeral }: { readonly ephemeral: boolean }): Promise<PutResult> {
    if (ephemeral) return this.#session.putEphemeral(record);
    return this.#transport.call("/v1/engine/subscriptions", putResult, { record });
  }

  async list(): Promise<SubscriptionState[]> {
    return (await this.#transport.call("/v1/subscriptions", z.object({ subscriptions: z.array(stateWire) })))
      .subscriptions;
  }

  get(name: string): Promise<SubscriptionState | undefined> {
    return foundBy(this.#transport.call(`/v1/subscriptions/${encodeURIComponent(name)}`, stateWire));
  }

  async delete(name: string): Promise<boolean> {
    this.#session.forgetEphemeral(name);
    const path = `/v1/subscriptions/${encodeURIComponent(name)}`;
    return (await foundBy(this.#transport.call(path, z.null(), undefined, { method: "DELETE" }))) === null;
  }
}

/** The dead letters of the server's bus. */
export class HttpDeadLetters implements DeadLetterStore {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async put(deadLetter: DeadLetter): Promise<void> {
    await this.#transport.call("/v1/engine/dead-letters", z.unknown(), deadLetter);
  }

  async list(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    const parameters = Object.entries({ ...query, ...page }).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value instanceof Date ? value.toISOString() : String(value)]],
    );
    const found = await this.#transport.call(`/v1/dead-letters?${new URLSearchParams(parameters)}`, deadLetterPage);
    for (const { event } of found.deadLetters) freezeEvent(event);
    return found;
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const found = await foundBy(this.#transport.call(`/v1/dead-letters/${encodeURIComponent(id)}`, deadLetterWire));
    if (found !== undefined) freezeEvent(found.event);
    return found;
  }

  async delete(id: string): Promise<boolean> {
    const report = z.object({ done: z.array(z.string()) });
    return (await this.#transport.call("/v1/dead-letters/discard", report, { ids: [id] })).done.includes(id);
  }
}

async function foundBy<Found>(call: Promise<Found>): Promise<Found | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (toBusError(thrown).code === "not_found") return undefined;
    throw thrown;
  }
}
