import { createHash } from "node:crypto";
import type { HandlerContext } from "../../delivery/handler.ts";
import type { Event } from "../../event/event.ts";
import { loadOptional } from "../../runtime/optional-package.ts";

/** Signs the text of a message that was sent under an id at a time; by several secrets, as Standard Webhooks rotates them. */
export type Sign = (secrets: readonly string[], id: string, at: Date, body: string) => string;

/** Loads the library of Standard Webhooks: only who pushes needs it. */
export async function loadSign(): Promise<Sign> {
  const { Webhook } = await loadOptional(() => import("standardwebhooks"), "a webhook", "standardwebhooks");
  return (secrets, id, at, body) => secrets.map((secret) => new Webhook(secret).sign(id, at, body)).join(" ");
}

/** What is sent to a receiver, before it is signed. */
export interface Message {
  /** The same for each attempt, so that a receiver can drop doubles. */
  readonly id: string;
  readonly body: string;
  /** Besides those of every message. */
  readonly headers: Readonly<Record<string, string>>;
  /** Statuses after which it is never sent again. */
  readonly final?: readonly number[];
}

/** The delivery of a subscription as its webhook gets it. */
export function deliveryMessage(
  event: Event,
  { subscription, attempt }: Pick<HandlerContext, "subscription" | "attempt">,
): Message {
  return {
    id: messageId(event),
    body: JSON.stringify(event),
    headers: { "waggle-subscription": subscription, "waggle-attempt": String(attempt) },
  };
}

/** What tells a message from every other of its subscription, however often it is sent: the event, and the replay that brings it. */
function messageId({ id, metadata: { replay } }: Event): string {
  const whole = replay === undefined ? id : `${id}_${replay.id}`;
  // A dot would separate the parts of what is signed.
  return /^[\w-]{1,128}$/.test(whole) ? whole : createHash("sha256").update(whole).digest("base64url");
}

/** The headers of a message. */
export function messageHeaders(
  { secrets, message, at }: { secrets: readonly string[]; message: Message; at: Date },
  sign: Sign,
): Record<string, string> {
  const { body, headers, id } = message;
  return {
    "content-type": "application/json",
    "user-agent": "waggle",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": sign(secrets, id, at, body),
    ...headers,
  };
}
