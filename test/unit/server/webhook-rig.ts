import { expect } from "vitest";
import type { ServerOptions } from "../../../lib/server/index.ts";
import { serve } from "./serve.ts";

export type Served = Awaited<ReturnType<typeof serve>>;

/** Of the webhook that the tests are about. */
export const path = "/v1/subscriptions/readers/webhook";
export const event = { type: "custom.a", data: { n: 1 } };

/** A server with a subscription. It sends to loopback. */
export async function withReaders(settings: object = {}, options: ServerOptions = {}, bus = {}): Promise<Served> {
  const served = await serve({ allowPrivateWebhooks: true, ...options }, bus);
  const { status } = await served.send("PUT", "/v1/subscriptions/readers", { on: "custom.*", ...settings });
  expect(status).toBe(200);
  return served;
}

export async function put({ send }: Served, body: object) {
  const answer = await send("PUT", path, body);
  expect(answer).toMatchObject({ status: 200 });
  return answer.json;
}

/** How the subscription stands. */
export const state = async ({ bus }: Served) => bus.subscriptions.get("readers");
