import type { Clock } from "../../runtime/clock.ts";

/** Resolves after a time, or at once when one of the signals is aborted. */
export async function pause(
  clock: Clock,
  ms: number,
  signals: readonly AbortSignal[],
  options: { readonly keepAlive?: boolean } = {},
): Promise<void> {
  if (signals.some((signal) => signal.aborted)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = () => resolve();
  const timer = clock.setTimer(end, ms, options);
  for (const signal of signals) signal.addEventListener("abort", end, { once: true });
  await promise;
  clock.clearTimer(timer);
  for (const signal of signals) signal.removeEventListener("abort", end);
}
