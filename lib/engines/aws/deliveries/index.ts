import { BusError } from "../../../error/bus-error.ts";
import type { AwsParts, DeadLetterStore, DeliveryStore } from "../parts.ts";

/** The deliveries of a bus in its table: who may run each, how often it was tried, and whether it succeeded. */
export function createDeliveries(
  _parts: Pick<AwsParts, "config" | "clients" | "catalog" | "clock" | "nextId">,
  _deadLetters: Pick<DeadLetterStore, "put">,
): DeliveryStore {
  throw new BusError("unavailable", "not there yet");
}
