import type { Unwatch } from "../../../engine/engine.ts";
import { type BusError, toBusError } from "../../../error/bus-error.ts";
import { kafkaError } from "../client/kafka-error.ts";
import type { Store } from "../store.ts";
import type { DeadLetterTopic } from "./dead-letter-topic.ts";
import type { GroupOffsets } from "./group-offsets.ts";

export interface UpkeepDependencies {
  readonly store: Store;
  readonly deadLetterTopic: DeadLetterTopic;
  readonly groupOffsets: GroupOffsets;
  onError(error: BusError): void;
}

/** Milliseconds between two rounds, where something has changed. */
const roundMs = 2_000;

/** What one process of the bus does for all, from time to time: the one that records the first partition. */
export class Upkeep {
  readonly #dependencies: UpkeepDependencies;
  #unwatch: Unwatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #changed = false;
  #failed: string | undefined;

  constructor(dependencies: UpkeepDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether this process does it from now on. */
  lead(leads: boolean): void {
    if (leads === (this.#unwatch !== undefined)) return;
    if (leads) {
      this.#unwatch = this.#dependencies.store.engine.watch(() => this.#soon());
      this.#soon();
    } else this.#stop();
  }

  async close(): Promise<void> {
    this.#stop();
    await this.#round;
  }

  #stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #soon(): void {
    this.#changed = true;
    this.#timer ??= setTimeout(() => {
      this.#changed = false;
      this.#round = this.#run().finally(() => {
        this.#timer = undefined;
        if (this.#changed && this.#unwatch !== undefined) this.#soon();
      });
    }, roundMs).unref();
  }

  async #run(): Promise<void> {
    const { deadLetterTopic, groupOffsets, onError } = this.#dependencies;
    try {
      await deadLetterTopic.copy();
      await groupOffsets.tell();
      this.#failed = undefined;
    } catch (thrown) {
      const error = kafkaError(thrown, "copying dead letters and offsets of groups");
      // It is done again with the next change; the same failure is told once.
      if (this.#unwatch !== undefined && error.message !== this.#failed) onError(toBusError(error));
      this.#failed = error.message;
    }
  }
}
