import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeadLetter } from "../../engine/delivery.ts";
import type { DeadLetterPage, DeadLetterQuery, PageOptions } from "../../engine/queries.ts";
import type { DeadLetterTable } from "./dependencies.ts";
import type { EventPublisher } from "./publish/event-publisher.ts";

export interface AwsDeadLetterStoreDependencies {
  readonly deadLetters: DeadLetterTable;
  readonly publisher: Pick<EventPublisher, "addDeadLetter">;
}

/** Dead letters in the history table. */
export class AwsDeadLetterStore implements DeadLetterStore {
  readonly #dependencies: AwsDeadLetterStoreDependencies;

  constructor(dependencies: AwsDeadLetterStoreDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * One of an event that was never published goes by the publisher's dead-letter queue, as all of a publisher's do: it is in
   * the table once `record-dead-letter` has drained the queue, and who may only publish needs no right to write to the table.
   */
  put(deadLetter: DeadLetter): Promise<void> {
    const { deadLetters, publisher } = this.#dependencies;
    return deadLetter.subscription === undefined ? publisher.addDeadLetter(deadLetter) : deadLetters.put(deadLetter);
  }

  list(query: DeadLetterQuery, page: PageOptions): Promise<DeadLetterPage> {
    return this.#dependencies.deadLetters.list(query, page);
  }

  get(id: string): Promise<DeadLetter | undefined> {
    return this.#dependencies.deadLetters.get(id);
  }

  delete(id: string): Promise<boolean> {
    return this.#dependencies.deadLetters.delete(id);
  }
}
