import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { DocumentStore } from "../../engine/document-store.ts";
import { BusError } from "../../error/bus-error.ts";
import { argumentsSchema } from "../../mcp/events/protocol.ts";

/** The form of a secret by Standard Webhooks. */
const secretForm = /^whsec_([A-Za-z0-9+/]+={0,2})$/;

/** A secret: `whsec_` and 24 to 64 bytes as base64. */
export const secretSchema = z.string().refine((text) => {
  const base64 = secretForm.exec(text)?.[1] ?? "";
  const bytes = Buffer.from(base64, "base64");
  return (
    bytes.length >= 24 &&
    bytes.length <= 64 &&
    bytes.toString("base64").replace(/=+$/, "") === base64.replace(/=+$/, "")
  );
}, "must be whsec_ and 24 to 64 bytes as base64");

/** Of a webhook that an MCP client has subscribed: whose it is, what is sent, and until when. */
export const eventTargetSchema = z.object({
  /** The id of the token that subscribed. */
  principal: z.string(),
  /** The type. */
  name: z.string(),
  arguments: argumentsSchema,
  /** The position in the log behind which it begins, and the cursor of that. */
  after: z.union([z.number(), z.string()]),
  cursor: z.string(),
  refreshBefore: z.string(),
  /** When its receiver has last shown that it wants the events. */
  verifiedAt: z.string(),
  /** While its subscription is being made. */
  pending: z.literal(true).exactOptional(),
});

export type StoredEventTarget = z.infer<typeof eventTargetSchema>;

/** A webhook as it is stored. */
export const webhookSchema = z.object({
  url: z.url(),
  /** The newest first. One that was replaced signs until its time. */
  secrets: z.array(z.object({ secret: z.string(), until: z.string().exactOptional() })).min(1),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** Since when nothing is sent, and why. */
  disabled: z.object({ at: z.string(), reason: z.string() }).exactOptional(),
  /** Absent where an operator has put it. */
  mcp: eventTargetSchema.exactOptional(),
});

export type Webhook = z.infer<typeof webhookSchema>;

/** A new secret. */
export function createSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** The secrets that sign at a time in milliseconds. */
export function secretsAt({ secrets }: Pick<Webhook, "secrets">, now: number): string[] {
  return secrets.filter(({ until }) => until === undefined || Date.parse(until) > now).map(({ secret }) => secret);
}

/** Replaced secrets that are kept at most: each makes the header longer. */
const mostReplaced = 3;

/** The secrets of a webhook that gets this one at a time; the one that it replaces signs for `overlapMs` more. */
export function replaceSecret(
  stored: Pick<Webhook, "secrets"> | undefined,
  secret: string,
  { now, overlapMs }: { readonly now: number; readonly overlapMs: number },
): Webhook["secrets"] {
  const current = stored?.secrets[0]?.secret;
  const until = new Date(now + overlapMs).toISOString();
  const replaced = current === undefined || current === secret ? [] : [{ secret: current, until }];
  const older = (stored?.secrets ?? []).filter((one) => one.until !== undefined && one.secret !== secret);
  const signing = [...replaced, ...older].filter((one) => Date.parse(one.until ?? "") > now);
  return [{ secret }, ...signing.slice(0, mostReplaced)];
}

const prefix = "webhook/";

/** The webhooks of a bus by subscription, in its store. */
export class WebhookStore {
  readonly #documents: DocumentStore | undefined;
  readonly #engine: string;

  constructor({ documents, name }: { readonly documents?: DocumentStore; readonly name: string }) {
    this.#documents = documents;
    this.#engine = name;
  }

  /** Whether the engine keeps webhooks. */
  get exists(): boolean {
    return this.#documents !== undefined;
  }

  async put(subscription: string, webhook: Webhook): Promise<void> {
    await this.#store().put(prefix + subscription, webhook);
  }

  async get(subscription: string): Promise<Webhook | undefined> {
    const found = await this.#documents?.get(prefix + subscription);
    return found === undefined ? undefined : webhookSchema.parse(found);
  }

  async list(): Promise<{ readonly subscription: string; readonly webhook: Webhook }[]> {
    const found = (await this.#documents?.list(prefix)) ?? [];
    return found.map(({ name, document }) => ({
      subscription: name.slice(prefix.length),
      webhook: webhookSchema.parse(document),
    }));
  }

  async delete(subscription: string): Promise<boolean> {
    return (await this.#documents?.delete(prefix + subscription)) === true;
  }

  #store(): DocumentStore {
    if (this.#documents !== undefined) return this.#documents;
    throw new BusError("invalid_config", `the engine ${this.#engine} keeps no webhooks; pull the deliveries instead`);
  }
}
