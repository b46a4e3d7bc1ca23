import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { DocumentStore } from "../../engine/document-store.ts";
import { BusError } from "../../error/bus-error.ts";

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

/** A webhook as it is stored. */
export const webhookSchema = z.object({
  url: z.url(),
  /** The newest first. One that was replaced signs until its time. */
  secrets: z.array(z.object({ secret: z.string(), until: z.string().exactOptional() })).min(1),
  createdAt: z.string(),
  updatedAt: z.string(),
  /** Since when nothing is sent, and why. */
  disabled: z.object({ at: z.string(), reason: z.string() }).exactOptional(),
});

export type Webhook = z.infer<typeof webhookSchema>;

/** A new secret. */
export function createSecret(): string {
  return `whsec_${randomBytes(32).toString("base64")}`;
}

/** The secrets that sign at a time in milliseconds. */
export function secretsAt({ secrets }: Webhook, now: number): string[] {
  return secrets.filter(({ until }) => until === undefined || Date.parse(until) > now).map(({ secret }) => secret);
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
