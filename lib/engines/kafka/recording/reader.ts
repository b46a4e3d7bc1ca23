import type { Consumer } from "@platformatic/kafka";
import { BusError } from "../../../error/bus-error.ts";
import { Retry } from "../../../runtime/retry.ts";
import type { Clients, GroupSettings } from "../client/clients.ts";
import { isAnswer, kafkaError } from "../client/kafka-error.ts";
import { feedOf } from "../topics/topics.ts";
import { type FetchedPartition, fetchedOf } from "./fetched.ts";
import type { Partition } from "./membership.ts";

/** What was fetched of a partition, and where the store is to stand before and after it. */
export interface Stretch extends FetchedPartition {
  readonly feed: string;
  readonly from: number | undefined;
}

export interface ReaderDependencies extends GroupSettings {
  readonly clients: Clients;
  /** How far the store has each partition. */
  feeds(): Promise<ReadonlyMap<string, number>>;
  /** Writes to the store; false where that stands elsewhere by now. */
  take(stretch: Stretch): Promise<boolean>;
  /** Topics have so many partitions by now. */
  counted(topic: string, partitions: number): void;
  onError(error: BusError): void;
}

/** One go at reading: it ends with the first failure, and with the next assignment. */
interface Session {
  readonly consumer: Consumer;
  readonly partitions: readonly Partition[];
  ended: boolean;
}

interface Place extends Partition {
  readonly feed: string;
  readonly topicId: string;
  /** Where the store stands. */
  from: number | undefined;
  /** What is fetched next. */
  next: number;
}

/** Milliseconds for which a broker waits for news. */
const maxWaitTime = 5_000;
const maxBytes = { request: 8_388_608, partition: 2_097_152 };

/**
 * Reads the partitions that the group has given to this process, from where the store stands, with one fetch at a time for each
 * broker. While what was fetched is written, the next is fetched already.
 */
export class Reader {
  readonly #dependencies: ReaderDependencies;
  readonly #retry: Retry;
  #session: Session | undefined;
  #assigned: readonly Partition[] = [];
  #closed = false;

  constructor(dependencies: ReaderDependencies) {
    this.#dependencies = dependencies;
    this.#retry = new Retry(dependencies.onError, () => void this.#begin());
  }

  /** These partitions are read from now on, and no others. */
  assign(partitions: readonly Partition[]): void {
    this.#assigned = partitions;
    void this.#begin();
  }

  /** Reads no more; what is being written is written. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry.stop();
    await this.#end();
  }

  async #end(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    session.ended = true;
    await session.consumer.close(true).catch(() => {});
  }

  async #begin(): Promise<void> {
    await this.#end();
    if (this.#closed || this.#assigned.length === 0 || this.#session !== undefined) return;
    const consumer = this.#dependencies.clients.consumer(this.#dependencies);
    const session: Session = { consumer, partitions: this.#assigned, ended: false };
    this.#session = session;
    try {
      const leaders = await this.#placesOf(session);
      this.#count(session);
      this.#retry.succeeded();
      await Promise.all([...leaders].map(([node, places]) => this.#read(session, node, places)));
    } catch (thrown) {
      if (session.ended) return;
      session.ended = true;
      if (this.#session === session) this.#session = undefined;
      consumer.close(true).catch(() => {});
      this.#retry.failed(thrown instanceof BusError ? thrown : kafkaError(thrown, "reading the topics of the bus"));
    }
  }

  /** The partitions by the broker that leads them. */
  async #placesOf({ consumer, partitions }: Session): Promise<ReadonlyMap<number, readonly Place[]>> {
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    consumer.topics.trackAll(...topics);
    const [metadata, feeds, earliest] = await Promise.all([
      consumer.metadata({ topics, forceUpdate: true }),
      this.#dependencies.feeds(),
      consumer.listOffsets({ topics, timestamp: -2n }),
    ]);
    const leaders = new Map<number, Place[]>();
    for (const { partition, topic } of partitions) {
      const found = metadata.topics.get(topic);
      const leader = found?.partitions[partition]?.leader;
      if (found === undefined || leader === undefined || leader < 0) {
        throw new BusError("unavailable", `no broker leads partition ${partition} of topic ${topic} at the moment`);
      }
      const feed = feedOf({ name: topic, id: found.id }, partition);
      const from = feeds.get(feed);
      const first = Number(earliest.get(topic)?.[partition] ?? 0n);
      if (from !== undefined && from < first) this.#lost(topic, partition, from, first);
      const place = { topic, partition, feed, topicId: found.id, from, next: Math.max(first, from ?? 0) };
      leaders.set(leader, [...(leaders.get(leader) ?? []), place]);
    }
    return leaders;
  }

  #lost(topic: string, partition: number, from: number, first: number): void {
    this.#dependencies.onError(
      new BusError(
        "not_found",
        `topic ${topic}, partition ${partition}: the retention of the topic ended before offsets ${from} to ${first - 1} were recorded; raise its retention.ms`,
        { details: { topic, partition, from, to: first } },
      ),
    );
  }

  async #read(session: Session, node: number, places: readonly Place[]): Promise<void> {
    const { take } = this.#dependencies;
    let fetching = this.#fetch(session, node, places);
    while (!session.ended) {
      const fetched = await fetching;
      if (session.ended) return;
      fetching = this.#fetch(session, node, places);
      // Where writing fails, nobody waits for this one any more.
      fetching.catch(() => {});
      this.#count(session);
      // Together, so that the store may write them in one transaction; all have ended before the partitions are read anew.
      const written = await Promise.allSettled(
        fetched.map(async ({ place, ...stretch }) => {
          const { feed, from } = place;
          if (!(await take({ ...stretch, feed, from }))) throw movedOn(place);
          place.from = stretch.next;
        }),
      );
      for (const result of written) if (result.status === "rejected") throw result.reason;
    }
  }

  /** By what the client has asked for lately. */
  #count({ consumer, partitions }: Session): void {
    for (const topic of new Set(partitions.map((one) => one.topic))) {
      const count = consumer.currentMetadata?.topics.get(topic)?.partitionsCount;
      if (count !== undefined) this.#dependencies.counted(topic, count);
    }
  }

  async #fetch({ consumer }: Session, node: number, places: readonly Place[]) {
    const at = (topic: string, partition: number) =>
      places.find((place) => place.topic === topic && place.partition === partition);
    const response = await consumer
      .fetch({
        node,
        maxWaitTime,
        minBytes: 1,
        maxBytes: maxBytes.request,
        topics: places.map(({ next, partition, topicId }) => ({
          topicId,
          partitions: [
            {
              partition,
              fetchOffset: BigInt(next),
              partitionMaxBytes: maxBytes.partition,
              currentLeaderEpoch: -1,
              lastFetchedEpoch: -1,
            },
          ],
        })),
      })
      .catch((thrown: unknown) => {
        if (isAnswer(thrown, "NOT_LEADER", "UNKNOWN_TOPIC", "FENCED", "UNKNOWN_LEADER")) consumer.clearMetadata();
        throw thrown;
      });
    const names = new Map(places.map(({ topic, topicId }) => [topicId, topic]));
    const fetched = fetchedOf(
      response,
      (id) => names.get(id),
      (topic, partition) => at(topic, partition)?.next ?? 0,
    );
    return fetched.flatMap((one) => {
      const place = at(one.topic, one.partition);
      if (place === undefined || one.next <= place.next) return [];
      place.next = one.next;
      return [{ ...one, place }];
    });
  }
}

function movedOn({ partition, topic }: Place): BusError {
  return new BusError(
    "unavailable",
    `topic ${topic}, partition ${partition}: another process has recorded it meanwhile; reading begins again where that is`,
  );
}
