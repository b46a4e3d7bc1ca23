import type { DeadLetter } from "./delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "./queries.ts";

/**
 * Deliveries out of attempts and events that could not be published, each with its own copy of the event. They stay until
 * somebody redrives or discards them. Methods reject with BusError only.
 */
export interface DeadLetterStore {
  /** Keeps one; the same `id` again changes nothing. */
  put(deadLetter: DeadLetter): Promise<void>;
  /** Newest first. */
  list(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage>;
  /** `undefined` where there is none. */
  get(id: string): Promise<DeadLetter | undefined>;
  /** False where there is none. */
  delete(id: string): Promise<boolean>;
}
