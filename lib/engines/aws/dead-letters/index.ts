import type { AwsParts, DeadLetterStore } from "../parts.ts";

/** Dead letters in the history table. */
export function createDeadLetterStore(parts: AwsParts): DeadLetterStore {
  throw new Error(`dead letters of ${parts.config.bus}`);
}
