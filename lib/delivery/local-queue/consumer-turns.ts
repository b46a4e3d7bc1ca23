import type { Consumer } from "../../engine/delivery-queue.ts";

/** The consumers of a subscription, in turn: subscribers of one name share its work. */
export class ConsumerTurns {
  #consumers: Consumer[] = [];
  #turn = 0;

  get size(): number {
    return this.#consumers.length;
  }

  add(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  remove(consumer: Consumer): void {
    this.#consumers = this.#consumers.filter((other) => other !== consumer);
  }

  /** The next that takes a delivery now. */
  next(): Consumer | undefined {
    for (let tries = this.#consumers.length; tries > 0; tries -= 1) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (consumer !== undefined && consumer.capacity() > 0) return consumer;
    }
    return undefined;
  }
}
