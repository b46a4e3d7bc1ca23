import type { Consumer } from "@platformatic/kafka";
import { busClosed } from "../../../engine/errors.ts";
import { kafkaError } from "../client/kafka-error.ts";

export interface EndsDependencies {
  consumer(): Consumer;
  readonly topics: readonly string[];
  /** A partition holds events up to an offset. */
  present(topic: string, partition: number, next: number): void;
}

/** Asks the brokers how far the topics go. */
export class Ends {
  readonly #dependencies: EndsDependencies;
  #consumer: Consumer | undefined;
  #closed = false;
  #next: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(dependencies: EndsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Those who ask while one request is under way share the next. `unavailable` where they do not answer. */
  refresh(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => {})
      .then(() => {
        this.#running = this.#refresh();
        this.#next = undefined;
        return this.#running;
      });
    return this.#next;
  }

  async #refresh(): Promise<void> {
    if (this.#closed) throw busClosed();
    const { consumer, present, topics } = this.#dependencies;
    this.#consumer ??= consumer();
    try {
      const ends = await this.#consumer.listOffsets({ topics: [...topics] });
      for (const [topic, offsets] of ends) {
        for (const [partition, next] of offsets.entries()) if (next > 0n) present(topic, partition, Number(next));
      }
    } catch (thrown) {
      throw kafkaError(thrown, "asking how far the topics go");
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#consumer?.close(true).catch(() => {});
    this.#consumer = undefined;
  }
}
