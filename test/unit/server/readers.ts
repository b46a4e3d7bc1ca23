import { expect } from "vitest";
import { serve } from "./serve.ts";

type Served = Awaited<ReturnType<typeof serve>>;

/** A server with a subscription that collects `custom.*`. */
export async function withReaders(settings: object = {}, ...options: Parameters<typeof serve>) {
  const served = await serve(...options);
  const put = await served.send("PUT", "/v1/subscriptions/readers", { on: "custom.*", ...settings });
  expect(put.status).toBe(200);
  return { ...served, ...clientOf(served) };
}

/** For a pull that something is there for: on a busy machine an engine may take its time to hand it over. */
export const patient = { waitMs: 60_000 } as const;

function clientOf({ send }: Pick<Served, "send">) {
  return {
    pull: async (body: object = {}) => (await send("POST", "/v1/subscriptions/readers/pull", body)).json.deliveries,
    settle: async (body: object) => (await send("POST", "/v1/subscriptions/readers/settle", body)).json.results,
  };
}

/** The counts of a subscription for which there is nothing to do. */
export const state = { waiting: 0, delayed: 0, running: 0, deadLetters: 0 };
