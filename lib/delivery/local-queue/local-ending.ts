import type { EndedDelivery, Failure } from "../../engine/delivery.ts";

/** How a delivery has ended. */
export interface LocalEnding {
  /** Whether it was handled. */
  readonly outcome: EndedDelivery["outcome"];
  /** When its handler began, in milliseconds since 1970; absent where it did not run. */
  readonly startedAt?: number | undefined;
  /** When the delivery ended. */
  readonly endedAt: number;
  /** Why its last attempt failed, where it did. */
  readonly failure?: Failure;
}
