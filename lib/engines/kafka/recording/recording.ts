import type { BusError } from "../../../error/bus-error.ts";
import type { Clients } from "../client/clients.ts";
import type { EngineSettings } from "../settings.ts";
import type { Store } from "../store.ts";
import type { TopicNames } from "../topics/topic-names.ts";
import { Membership, type Partition } from "./membership.ts";
import type { Progress } from "./progress.ts";
import { Reader } from "./reader.ts";
import { Recorder } from "./recorder.ts";

export interface RecordingDependencies
  extends Pick<EngineSettings, "catalog" | "clock" | "sessionTimeoutMs" | "heartbeatMs"> {
  readonly clients: Clients;
  readonly names: TopicNames;
  readonly store: Store;
  readonly progress: Progress;
  /** How many partitions a topic had when this process looked last. */
  readonly partitions: Map<string, number>;
  /** Whether this process records the first partition of the first topic. */
  leads(leads: boolean): void;
  onError(error: BusError): void;
}

/** Milliseconds between two times that the group is told how far the store is. */
const commitMs = 1_000;

/** This process's share of writing events to the store. It begins when the process first needs it. */
export class Recording {
  readonly #membership: Membership;
  readonly #reader: Reader;
  readonly #uncommitted = new Map<string, { readonly partition: Partition; readonly next: number }>();
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #closed = false;

  constructor({ leads, names, onError, partitions, progress, store, ...shared }: RecordingDependencies) {
    const group = names.recorders;
    const recorder = new Recorder({
      ...shared,
      store,
      recorded: ({ feed, partition, topic }, next) => {
        progress.recorded(feed, next);
        this.#uncommitted.set(feed, { partition: { topic, partition }, next });
        this.#commitSoon();
      },
    });
    this.#reader = new Reader({
      ...shared,
      group,
      feeds: store.feeds,
      take: (stretch) => recorder.take(stretch),
      counted: (topic, count) => {
        const known = partitions.get(topic) ?? count;
        partitions.set(topic, count);
        if (count > known) void this.#membership.rejoin();
      },
      onError,
    });
    this.#membership = new Membership({
      ...shared,
      group,
      topics: names.events,
      assigned: (assigned) => {
        this.#reader.assign(assigned);
        leads(assigned.some(({ partition, topic }) => partition === 0 && topic === names.events[0]));
      },
      onError,
    });
  }

  /** Begins; a second call does nothing. */
  start(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    this.#membership.join();
  }

  /** Ends once what was being written is written; the group gives the partitions to others. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#reader.close();
    await this.#membership.commit(this.#uncommitted);
    await this.#membership.close();
  }

  #commitSoon(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const offsets = new Map(this.#uncommitted);
      this.#uncommitted.clear();
      void this.#membership.commit(offsets);
    }, commitMs).unref();
  }
}
