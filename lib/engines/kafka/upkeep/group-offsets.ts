import type { SubscriptionState, SubscriptionStore } from "../../../engine/subscription-store.ts";

/** Offsets of a topic's partitions. */
export interface TopicOffsets {
  readonly name: string;
  readonly partitionOffsets: { readonly partition: number; readonly offset: bigint }[];
}

/** Sets the offsets of groups. */
export interface OffsetWriter {
  write(group: string, topics: TopicOffsets[]): Promise<void>;
  close(): void;
}

export interface GroupOffsetsDependencies {
  readonly subscriptions: Pick<SubscriptionStore, "list">;
  /** How far the store has each partition. */
  feeds(): Promise<ReadonlyMap<string, number>>;
  openWriter(): OffsetWriter;
  groupOf(subscription: string): string;
  /** The partition behind the name of a feed; `undefined` for one of another topic. */
  partitionOf(feed: string): { readonly topic: string; readonly partition: number } | undefined;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Where the store stood at a time. */
interface Checkpoint {
  readonly at: number;
  readonly feeds: ReadonlyMap<string, number>;
}

/** By how much the clocks of the store and of this process may differ. */
const clockSkewMs = 1_000;
const mostCheckpoints = 1_000;

/**
 * Gives each named subscription a consumer group, whose offsets lie before all that is not settled in it: Kafka's own tools show
 * by them how far it has come, and a consumer of any other make may go on from there.
 */
export class GroupOffsets {
  readonly #dependencies: GroupOffsetsDependencies;
  #checkpoints: Checkpoint[] = [];
  readonly #told = new Map<string, string>();

  constructor(dependencies: GroupOffsetsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Moves the offsets on as far as everything is settled. */
  async tell(): Promise<void> {
    const { groupOf, now, openWriter, subscriptions } = this.#dependencies;
    const feeds = await this.#dependencies.feeds();
    const at = now();
    const states = (await subscriptions.list()).filter(({ ephemeral }) => !ephemeral);
    const moved = states.flatMap((state) => {
      const settled = this.#settledOf(state, feeds, at);
      const topics = settled === undefined ? [] : this.#topicsOf(settled);
      const text = topics.map(({ name, partitionOffsets }) => [name, ...partitionOffsets.map(asText)]).join();
      const group = groupOf(state.record.name);
      return topics.length === 0 || this.#told.get(group) === text ? [] : [{ group, text, topics }];
    });
    this.#checkpoints.push({ at, feeds });
    if (this.#checkpoints.length > mostCheckpoints) this.#checkpoints = this.#checkpoints.filter((_, n) => n % 2 === 0);
    if (moved.length === 0) return;
    const writer = openWriter();
    try {
      for (const { group, text, topics } of moved) {
        await writer.write(group, topics);
        this.#told.set(group, text);
      }
    } finally {
      writer.close();
    }
  }

  /** Where the store stood before the oldest delivery that has not ended was accepted; `undefined` where that is not known. */
  #settledOf(
    { backfilling, delayed, oldestAgeMs, running, waiting }: SubscriptionState,
    feeds: ReadonlyMap<string, number>,
    at: number,
  ): ReadonlyMap<string, number> | undefined {
    // It lacks deliveries of what is in history already.
    if (backfilling === true) return undefined;
    // The feeds were read before the deliveries.
    if (waiting + delayed + running === 0) return feeds;
    const oldest = at - oldestAgeMs - clockSkewMs;
    return this.#checkpoints.findLast((checkpoint) => checkpoint.at < oldest)?.feeds;
  }

  #topicsOf(feeds: ReadonlyMap<string, number>): TopicOffsets[] {
    const topics = new Map<string, TopicOffsets["partitionOffsets"]>();
    for (const [feed, next] of feeds) {
      const place = this.#dependencies.partitionOf(feed);
      if (place === undefined) continue;
      const offsets = topics.get(place.topic) ?? [];
      topics.set(place.topic, [...offsets, { partition: place.partition, offset: BigInt(next) }]);
    }
    return [...topics].map(([name, partitionOffsets]) => ({ name, partitionOffsets }));
  }
}

const asText = ({ offset, partition }: { partition: number; offset: bigint }) => `${partition}:${offset}`;
