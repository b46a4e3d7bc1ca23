import * as z from "zod";
import { BusError } from "../../error/bus-error.ts";
import { toAnswerable } from "../http/problem.ts";
import type { Server } from "../server-context.ts";
import { forwardedHeader, isRefused } from "./peers.ts";
import type { Settlement } from "./pull-queues.ts";

/** One receipt, and how it is settled. */
export interface SettleItem {
  readonly receipt: string;
  readonly settlement: Settlement;
}

export const settleResultSchema = z
  .discriminatedUnion("ok", [
    z.object({ receipt: z.string(), ok: z.literal(true), ackBy: z.string().exactOptional() }),
    z.object({
      receipt: z.string(),
      ok: z.literal(false),
      error: z.object({
        code: z.string(),
        message: z.string(),
        retryable: z.boolean(),
        details: z.record(z.string(), z.unknown()),
      }),
    }),
  ])
  .meta({ id: "SettleResult" });

export type SettleResult = z.infer<typeof settleResultSchema>;

/**
 * Settles each receipt at the server that holds its delivery, this one or another of the same bus on this machine. One result
 * for each, in order; one that fails harms no other.
 */
export async function settleAll(
  server: Server,
  subscription: string,
  items: readonly SettleItem[],
  request: Request,
): Promise<SettleResult[]> {
  return Promise.all(
    items.map(async (item): Promise<SettleResult> => {
      try {
        return await settleOne(server, subscription, item, request);
      } catch (thrown) {
        return { receipt: item.receipt, ok: false, error: { ...toAnswerable(thrown).toJSON(), details: {} } };
      }
    }),
  );
}

async function settleOne(
  { pulls, peers }: Server,
  subscription: string,
  item: SettleItem,
  request: Request,
): Promise<SettleResult> {
  const { receipt, settlement } = item;
  const owner = await peers.ownerOf(receipt);
  if (owner === undefined) throw ended();
  if (owner !== "own") {
    if (request.headers.has(forwardedHeader)) throw ended();
    const result = await forward(owner.url, subscription, item, request.headers.get("authorization"));
    if (result !== undefined) return result;
    await peers.forget(receipt);
    throw ended();
  }
  const ackBy = await pulls.settle(subscription, receipt, settlement);
  return { receipt, ok: true, ...(ackBy === undefined ? {} : { ackBy: new Date(ackBy).toISOString() }) };
}

/** What the server that holds it makes of it, by the sender's own token; `undefined` where that server is gone. */
async function forward(
  url: string,
  subscription: string,
  { receipt, settlement }: SettleItem,
  token: string | null,
): Promise<SettleResult | undefined> {
  const { kind, ...rest } = settlement;
  let response: Response;
  try {
    response = await fetch(new URL(`/v1/subscriptions/${subscription}/settle`, url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        [forwardedHeader]: "1",
        ...(token === null ? {} : { authorization: token }),
      },
      body: JSON.stringify({ [kind]: [kind === "ack" || kind === "release" ? receipt : { receipt, ...rest }] }),
    });
  } catch (thrown) {
    if (isRefused(thrown)) return undefined;
    throw new BusError("unavailable", "the server that holds the delivery did not answer; settle it again", {
      cause: thrown,
    });
  }
  const parsed = z.object({ results: z.tuple([settleResultSchema]) }).safeParse(await response.json());
  if (parsed.success) return parsed.data.results[0];
  throw new BusError(
    "unavailable",
    `the server that holds the delivery answered with ${response.status}; settle it again`,
  );
}

function ended(): BusError {
  return new BusError("not_found", "the server that handed the delivery out has ended; the delivery comes again");
}
