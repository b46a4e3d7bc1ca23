import type { Consumer } from "@platformatic/kafka";
import type { BusError } from "../../../error/bus-error.ts";
import { Retry } from "../../../runtime/retry.ts";
import type { Clients, GroupSettings } from "../client/clients.ts";
import { kafkaError } from "../client/kafka-error.ts";

/** A partition of a topic. */
export interface Partition {
  readonly topic: string;
  readonly partition: number;
}

export interface MembershipDependencies extends GroupSettings {
  readonly clients: Clients;
  readonly topics: readonly string[];
  /** The group has given this process these partitions, and no others. */
  assigned(partitions: readonly Partition[]): void;
  onError(error: BusError): void;
}

/** This process's place in the group of those that write events to the store. */
export class Membership {
  readonly #dependencies: MembershipDependencies;
  readonly #retry: Retry;
  #consumer: Consumer | undefined;
  #closed = false;

  constructor(dependencies: MembershipDependencies) {
    this.#dependencies = dependencies;
    this.#retry = new Retry(dependencies.onError, () => void this.#join());
  }

  /** Joins the group, and again whenever that failed. */
  join(): void {
    void this.#join();
  }

  /** Leaves the group and joins it anew: topics have more partitions now. */
  async rejoin(): Promise<void> {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    await consumer?.close(true).catch(() => {});
    await this.#join();
  }

  /** Tells the group how far the store is, for those who look at its lag. What fails is told again later. */
  async commit(offsets: ReadonlyMap<string, { readonly partition: Partition; readonly next: number }>): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined || consumer.memberId === null || offsets.size === 0) return;
    const list = [...offsets.values()].map(({ next, partition: { partition, topic } }) => ({
      topic,
      partition,
      offset: BigInt(next),
      leaderEpoch: -1,
    }));
    await consumer.commit({ offsets: list }).catch(() => {});
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry.stop();
    const consumer = this.#consumer;
    this.#consumer = undefined;
    await consumer?.close(true).catch(() => {});
  }

  async #join(): Promise<void> {
    if (this.#closed) return;
    const { assigned, clients, topics } = this.#dependencies;
    const consumer = clients.consumer(this.#dependencies);
    this.#consumer = consumer;
    consumer.topics.trackAll(...topics);
    consumer.on("consumer:group:join", ({ assignments = [] }) => {
      if (this.#consumer !== consumer) return;
      assigned(assignments.flatMap(({ partitions, topic }) => partitions.map((partition) => ({ topic, partition }))));
    });
    consumer.on("error", (error) => this.#lost(consumer, error));
    try {
      await consumer.joinGroup({});
      this.#retry.succeeded();
    } catch (thrown) {
      this.#lost(consumer, thrown);
    }
  }

  #lost(consumer: Consumer, thrown: unknown): void {
    if (this.#consumer !== consumer || this.#closed) return;
    this.#consumer = undefined;
    consumer.close(true).catch(() => {});
    this.#retry.failed(kafkaError(thrown, `joining the group ${this.#dependencies.group}`));
  }
}
