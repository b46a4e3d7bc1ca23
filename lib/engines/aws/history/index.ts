import type { AwsParts, HistoryStore } from "../parts.ts";

/** History in the bus's table. */
export function createHistoryStore(parts: AwsParts): HistoryStore {
  throw new Error(`history of ${parts.config.bus}`);
}
