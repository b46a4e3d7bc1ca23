import type { Appended } from "../../../engine/event-log.ts";
import type { BusError } from "../../../error/bus-error.ts";

/**
 * What became of records whose id a caller gave: only the store knows whether the id was there before. Shared by all buses of
 * the process, as one may record what another one has published.
 */
const awaited = new Map<string, (outcome: Appended | BusError) => void>();

/** A record whose outcome this process waits for. */
export interface Awaited {
  /** What became of it; where another process records it, this never resolves. */
  readonly outcome: Promise<Appended | BusError>;
  /** Nobody waits for it any more. */
  forget(): void;
}

/** Waits for what becomes of the record with this token. */
export function awaitOutcome(token: string): Awaited {
  const outcome = new Promise<Appended | BusError>((resolve) => awaited.set(token, resolve));
  return { outcome, forget: () => awaited.delete(token) };
}

/** Tells who waits; false where nobody in this process does. */
export function tellOutcome(token: string, outcome: Appended | BusError): boolean {
  const resolve = awaited.get(token);
  awaited.delete(token);
  resolve?.(outcome);
  return resolve !== undefined;
}
