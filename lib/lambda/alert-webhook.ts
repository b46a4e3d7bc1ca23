import * as z from "zod";
import { alertSubscription } from "../alerts/index.ts";
import type { HandlerContext } from "../delivery/handler.ts";
import { RetryAfterError } from "../delivery/handler-errors.ts";
import { BusError } from "../error/bus-error.ts";
import type { Event } from "../event/event.ts";
import { loadOptional } from "../runtime/optional-package.ts";
import { subscriberFunction } from "./define-handler.ts";
import type { QueueFunction } from "./function.ts";
import { type FunctionRuntime, lambdaRuntime } from "./function-runtime.ts";
import type { AlertWebhookOptions } from "./options.ts";

/** The time that a receiver has to answer, in milliseconds. */
const timeoutMs = 30_000;
/** How long a secret is used without asking again: one that was replaced signs no longer than that. */
const secretMs = 300_000;

type SendContext = Pick<HandlerContext, "attempt" | "signal" | "subscription">;

/**
 * The function that sends alerts to a URL, signed by Standard Webhooks: `export const handler = alertWebhook({ … })`. Each alert is
 * a delivery of its subscription `alert-<name>`: what the receiver does not take is tried again, and becomes a dead letter.
 * `invalid_config`.
 */
export function alertWebhook(options: AlertWebhookOptions): QueueFunction {
  return alertWebhookFunction(options, lambdaRuntime);
}

/**
 * {@link alertWebhook} in any process.
 * @internal Its types are the SDK's: who compiles against this module needs none.
 */
export function alertWebhookFunction(options: AlertWebhookOptions, runtime: FunctionRuntime): QueueFunction {
  const subscription = { ...alertSubscription(options.name ?? "webhook"), timeout: timeoutMs };
  return subscriberFunction(subscription, alertSender(options, runtime), {}, runtime);
}

/**
 * Sends one alert; rejects where the receiver does not take it.
 * @internal Its types are the SDK's, too.
 */
export function alertSender(
  { webhook: url, secretParameter }: AlertWebhookOptions,
  runtime: Pick<FunctionRuntime, "clock" | "clients">,
) {
  let known: { readonly secret: string; readonly until: number } | undefined;
  const secret = async () => {
    const now = runtime.clock.now();
    if (known === undefined || known.until <= now) {
      known = { secret: await readSecret(runtime, secretParameter), until: now + secretMs };
    }
    return known.secret;
  };
  return async (event: Event, { attempt, signal, subscription }: SendContext): Promise<void> => {
    const body = JSON.stringify(event);
    const headers = await signedHeaders({ id: event.id, body, secret: await secret(), nowMs: runtime.clock.now() });
    const answer = await fetch(url, {
      method: "POST",
      body,
      headers: { ...headers, "waggle-subscription": subscription, "waggle-attempt": String(attempt) },
      signal,
      redirect: "manual",
    });
    await answer.body?.cancel();
    if (answer.ok) return;
    const message = `${new URL(url).origin} answered with ${answer.status}`;
    const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
    const asksToWait = (answer.status === 429 || answer.status === 503) && seconds > 0;
    throw asksToWait ? new RetryAfterError(message, seconds * 1_000) : new Error(message);
  };
}

async function signedHeaders({ id, body, secret, nowMs }: { id: string; body: string; secret: string; nowMs: number }) {
  const { Webhook } = await loadOptional(() => import("./standard-webhooks.ts"), "a webhook", "standardwebhooks");
  const at = new Date(nowMs);
  return {
    "content-type": "application/json",
    "user-agent": "waggle",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(nowMs / 1_000)),
    "webhook-signature": new Webhook(secret).sign(id, at, body),
  };
}

const secretForm = z.string().regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/);

/** Reads the secret. Its errors hold nothing of it. */
async function readSecret(runtime: Pick<FunctionRuntime, "clients">, parameter: string): Promise<string> {
  const ssm = await runtime.clients().ssm();
  const { GetParameterCommand } = await import("../engines/aws/ssm.ts");
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name: parameter, WithDecryption: true }));
  const parsed = secretForm.safeParse(Parameter?.Value);
  if (parsed.success) return parsed.data;
  throw new BusError("invalid_config", `parameter ${parameter} must hold whsec_ and 24 to 64 bytes as base64`);
}
