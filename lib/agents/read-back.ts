import type { BusDependencies } from "../bus/bus-dependencies.ts";
import type { Event } from "../event/event.ts";

/** Pauses between two looks, in milliseconds. */
const shortestPauseMs = 20;
const longestPauseMs = 1_000;

/**
 * Resolves once history has an event that was published: at once, except where a service records it later (aws). What a later
 * attempt decides by must be there before the call that it is about. Rejects with the reason of the signal.
 */
export async function readBack(
  { engine, clock }: Pick<BusDependencies, "engine" | "clock">,
  id: string,
  signal: AbortSignal,
): Promise<Event> {
  for (let pauseMs = shortestPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const found = await engine.log.get(id);
    if (found !== undefined) return found;
    signal.throwIfAborted();
    await new Promise<void>((resolve) => void clock.setTimer(resolve, pauseMs, { keepAlive: true }));
  }
}
