import { NonRetriableError, RetryAfterError } from "../../delivery/handler-errors.ts";
import type { Clock } from "../../runtime/clock.ts";
import { publicLookup, type Resolve } from "./address.ts";
import { type Message, messageHeaders, type Sign } from "./message.ts";
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
 * Sends a message to its receiver. Resolves with `gone` where that wants no more (410), else once the receiver has taken it (2xx). Rejects
 * where it has failed: with the delay that 429 and 503 ask for, in words that hold neither data nor the query of the URL.
 */
export async function push(
  { allowPrivate, clock, resolve }: PushSettings,
  webhook: Pick<Webhook, "url" | "secrets">,
  message: Message,
  signal: AbortSignal,
  sign: Sign,
): Promise<"taken" | "gone"> {
  const url = new URL(webhook.url);
  const { status, retryAfter } = await post({
    url,
    headers: messageHeaders({ secrets: secretsAt(webhook, clock.now()), message, at: new Date(clock.now()) }, sign),
    body: message.body,
    signal,
    lookup: allowPrivate ? undefined : publicLookup(resolve),
  });
  if (status >= 200 && status < 300) return "taken";
  if (status === 410) return "gone";
  const text = `${url.origin}${url.pathname} answered with ${status}`;
  if (message.final?.includes(status) === true) throw withoutStack(new NonRetriableError(text));
  const delayMs = status === 429 || status === 503 ? retryAfterMs(retryAfter, clock.now()) : undefined;
  throw withoutStack(delayMs === undefined ? new Error(text) : new RetryAfterError(text, delayMs));
}

/** It would be the server's. */
function withoutStack(error: Error): Error {
  delete error.stack;
  return error;
}
