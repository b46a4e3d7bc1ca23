import type { HandlerContext } from "../../delivery/handler.ts";
import { RetryAfterError } from "../../delivery/handler-errors.ts";
import type { Event } from "../../event/event.ts";
import type { Clock } from "../../runtime/clock.ts";
import { publicLookup, type Resolve } from "./address.ts";
import { messageHeaders, messageId, type Sign } from "./message.ts";
import { post, retryAfterMs } from "./post.ts";
import { secretsAt, type Webhook } from "./webhook.ts";

/** How messages go out. */
export interface PushSettings {
  readonly clock: Pick<Clock, "now">;
  /** Whether they may go to addresses that are not public, and without TLS. */
  readonly allowPrivate: boolean;
  /** Default: the resolver of the system. */
  readonly resolve?: Resolve | undefined;
}

/**
 * Sends one delivery to its receiver. Resolves with `gone` where that wants no more (410), else once the receiver has taken it (2xx). Rejects
 * where it has failed: with the delay that 429 and 503 ask for, in words that hold neither data nor the query of the URL.
 */
export async function push(
  { allowPrivate, clock, resolve }: PushSettings,
  webhook: Webhook,
  event: Event,
  { signal, subscription, attempt }: Pick<HandlerContext, "signal" | "subscription" | "attempt">,
  sign: Sign,
): Promise<"taken" | "gone"> {
  const url = new URL(webhook.url);
  const body = JSON.stringify(event);
  const at = new Date(clock.now());
  const signed = { secrets: secretsAt(webhook, clock.now()), id: messageId(event), at, body };
  const { status, retryAfter } = await post({
    url,
    headers: {
      ...messageHeaders(signed, sign),
      "waggle-subscription": subscription,
      "waggle-attempt": String(attempt),
    },
    body,
    signal,
    lookup: allowPrivate ? undefined : publicLookup(resolve),
  });
  if (status >= 200 && status < 300) return "taken";
  if (status === 410) return "gone";
  const message = `${url.origin}${url.pathname} answered with ${status}`;
  const delayMs = status === 429 || status === 503 ? retryAfterMs(retryAfter, clock.now()) : undefined;
  const error = delayMs === undefined ? new Error(message) : new RetryAfterError(message, delayMs);
  // It would be the server's.
  delete error.stack;
  throw error;
}
