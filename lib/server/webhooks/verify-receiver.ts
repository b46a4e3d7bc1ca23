import { randomBytes, timingSafeEqual } from "node:crypto";
import type { CallbackReason } from "../../mcp/events/webhooks.ts";
import { CallbackRefused } from "../../mcp/events/webhooks.ts";
import type { Clock } from "../../runtime/clock.ts";
import { publicLookup } from "./address.ts";
import { messageHeaders, type Sign } from "./message.ts";
import { subscriptionHeader } from "./occurrences.ts";
import { post, type WebhookAnswer } from "./post.ts";
import type { PushSettings } from "./push.ts";

/** Milliseconds that a receiver has for the challenge. */
const answerMs = 10_000;
const answerLimit = 8_192;

const tlsError = /^(ERR_(TLS|SSL)|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|EPROTO)/;

/**
 * Has a receiver show that it wants the messages of a subscription, so that nobody can have a server flood somebody else: it is sent a signed
 * challenge, once, and must answer with it. Rejects with {@link CallbackRefused}.
 */
export async function verifyReceiver(
  settings: Omit<PushSettings, "clock"> & { readonly clock: Clock },
  { url, secret, subscription }: { readonly url: string; readonly secret: string; readonly subscription: string },
  sign: Sign,
): Promise<void> {
  const { allowPrivate, clock, resolve } = settings;
  const challenge = randomBytes(24).toString("base64url");
  const message = {
    id: `verification_${randomBytes(12).toString("hex")}`,
    body: JSON.stringify({ type: "verification", challenge }),
    headers: { [subscriptionHeader]: subscription },
  };
  const late = new AbortController();
  const timer = clock.setTimer(() => late.abort(), answerMs);
  try {
    const answer = await post({
      url: new URL(url),
      headers: messageHeaders({ secrets: [secret], message, at: new Date(clock.now()) }, sign),
      body: message.body,
      signal: late.signal,
      lookup: allowPrivate ? undefined : publicLookup(resolve),
      answerLimit,
    });
    const reason = refusalIn(answer, challenge);
    if (reason !== undefined) throw new CallbackRefused(reason);
  } catch (thrown) {
    if (thrown instanceof CallbackRefused) throw thrown;
    throw new CallbackRefused(late.signal.aborted ? "timeout" : reasonOf(thrown));
  } finally {
    clock.clearTimer(timer);
  }
}

function refusalIn({ status, body }: WebhookAnswer, challenge: string): CallbackReason | undefined {
  if (status >= 500) return "http_5xx";
  if (status >= 400) return "http_4xx";
  if (status < 200 || status >= 300) return "challenge_failed";
  const given = Buffer.from(challengeIn(body) ?? "");
  const wanted = Buffer.from(challenge);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? undefined : "challenge_failed";
}

function challengeIn(body: string): string | undefined {
  try {
    const { challenge }: { challenge?: unknown } = Object(JSON.parse(body));
    return typeof challenge === "string" ? challenge : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(thrown: unknown): CallbackReason {
  const code = String(Object(thrown).code);
  if (code === "ETIMEDOUT") return "timeout";
  return tlsError.test(code) ? "tls_error" : "connection_refused";
}
