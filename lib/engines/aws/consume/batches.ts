/** Entries of one request of SQS. */
const most = 10;

/**
 * Collects what is asked for one by one and sends it ten at a time. Nothing waits for company while no request is under
 * way; what comes meanwhile goes with the next. `send` must not reject.
 */
export class Batches<Entry> {
  readonly #send: (entries: readonly Entry[]) => Promise<void>;
  #entries: Entry[] = [];
  #sending: Promise<void> | undefined;

  constructor(send: (entries: readonly Entry[]) => Promise<void>) {
    this.#send = send;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.#sending ??= this.#drain();
  }

  /** Resolves once all that was added is sent. */
  async idle(): Promise<void> {
    await this.#sending;
  }

  async #drain(): Promise<void> {
    // What ends in the same turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#entries.length > 0) await this.#send(this.#entries.splice(0, most));
    this.#sending = undefined;
  }
}
