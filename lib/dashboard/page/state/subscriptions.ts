import { type BusError, toBusError } from "../../../error/bus-error.ts";
import type { Rates, SubscriptionRates } from "../../../history/rates.ts";
import { requests } from "./session.ts";

/** What is done to a subscription, once it is confirmed. */
export interface Switch {
  readonly call: "pause" | "resume";
  readonly name: string;
  /** Deliveries that wait. */
  readonly backlog: number;
}

/** Pauses or resumes, and says what became of it. */
export async function switchSubscription({ call, name }: Switch): Promise<{ error?: BusError; text?: string }> {
  try {
    const { changed } = await requests().json(`/v1/subscriptions/${encodeURIComponent(name)}/${call}`, undefined, {});
    const isPause = call === "pause";
    if (changed === true) return { text: isPause ? `${name} is paused.` : `${name} goes on.` };
    return { text: isPause ? `${name} was paused already.` : `${name} was not paused.` };
  } catch (thrown) {
    return { error: toBusError(thrown) };
  }
}

/** The rates in an answer of the server; undefined where it knows none. */
export function ratesIn(answer: unknown): Rates | undefined {
  if (!isObject(answer) || typeof answer.overMs !== "number" || !isObject(answer.subscriptions)) return undefined;
  const subscriptions = Object.entries(answer.subscriptions).flatMap(([name, rates]) =>
    isRates(rates) ? [[name, rates] as const] : [],
  );
  return { overMs: answer.overMs, subscriptions: new Map(subscriptions) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isRates(value: unknown): value is SubscriptionRates {
  return isObject(value) && typeof value.handledPerMinute === "number" && typeof value.failedPerMinute === "number";
}
