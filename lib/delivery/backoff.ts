import type { SubscriptionRecord } from "../subscription/subscription.ts";

/**
 * Milliseconds before the next attempt: doubled after each failure, at most `backoff.to`, with "equal jitter" (half of it
 * fixed, half random), so that a crowd spreads out and none comes back at once.
 * Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
 */
export function backoffMs(
  backoff: SubscriptionRecord["backoff"],
  failedAttempts: number,
  random: () => number,
): number {
  const ceiling = Math.min(backoff.to, backoff.from * 2 ** Math.min(failedAttempts - 1, 52));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
