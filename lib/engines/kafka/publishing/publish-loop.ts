import { createHash } from "node:crypto";
import type { Producer } from "@platformatic/kafka";
import type { Entry } from "../../../engine/event-log.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { PendingPublish, PublishQueue } from "../../../publish/publish-queue.ts";
import type { Clients } from "../client/clients.ts";
import { kafkaError } from "../client/kafka-error.ts";
import type { Codec } from "../records/codec.ts";
import { markHeader, writeMark } from "../records/mark.ts";
import type { EngineSettings } from "../settings.ts";
import type { TopicNames } from "../topics/topic-names.ts";

export interface PublishLoopDependencies extends Pick<EngineSettings, "clock" | "keyOf" | "publishTimeoutMs"> {
  readonly clients: Clients;
  readonly names: TopicNames;
  readonly codec: Codec;
  readonly publishQueue: PublishQueue;
  /** Under which the publisher waits for what becomes of an entry. */
  tokenOf(entry: Entry): string | undefined;
  /** How many partitions a topic has. */
  partitionsOf(topic: string): number;
  /** Kafka has records of a partition up to an offset. */
  acknowledged(topic: string, partition: number, next: number): void;
  /** Kafka has an event at an offset. */
  placed(event: Event, topic: string, partition: number, offset: number): void;
}

/** At most so many events, and characters of theirs, in a request: a topic takes batches of one mebibyte where nobody raised that. */
const atOnce = { events: 2_000, characters: 800_000 };

type Message = Parameters<Producer<string, string, string, string>["send"]>[0]["messages"][number] & {
  readonly partition: number;
};

/**
 * Sends what callers publish, one request after the other: what comes while one is under way goes with the next. A request has a
 * batch for each partition, and each is acknowledged by all replicas in sync. After a failure the next request goes by a new
 * producer, since the brokers may have taken what they did not acknowledge.
 */
export class PublishLoop {
  readonly #dependencies: PublishLoopDependencies;
  #producer: Producer<string, string, string, string> | undefined;
  #scheduled = false;
  #idle: (() => void)[] = [];

  constructor(dependencies: PublishLoopDependencies) {
    this.#dependencies = dependencies;
  }

  /** Has what is queued sent soon. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => void this.#run());
  }

  /** Resolves when nothing is queued. */
  idle(): Promise<void> {
    return this.#scheduled ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  /** Lets go of the connections. */
  async close(): Promise<void> {
    await this.#producer?.close().catch(() => {});
    this.#producer = undefined;
  }

  async #run(): Promise<void> {
    for (let group = this.#take(); group.length > 0; group = this.#take()) await this.#send(group);
    this.#scheduled = false;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): PendingPublish[] {
    const { publishQueue } = this.#dependencies;
    const taken = publishQueue.take(atOnce.events);
    let characters = 0;
    const count = taken.findIndex(({ body }) => {
      characters += body.length;
      return characters > atOnce.characters;
    });
    if (count < 0) return taken;
    const fitting = Math.max(1, count);
    publishQueue.putBack(taken.slice(fitting));
    return taken.slice(0, fitting);
  }

  /** Never rejects: the callers are told. */
  async #send(group: readonly PendingPublish[]): Promise<void> {
    const { clients, publishTimeoutMs } = this.#dependencies;
    const sent: { readonly publish: PendingPublish; readonly message: Message }[] = [];
    for (const publish of group) {
      try {
        sent.push({ publish, message: this.#messageOf(publish) });
      } catch (thrown) {
        publish.reject(kafkaError(thrown, publish.entry.event.type));
      }
    }
    if (sent.length === 0) return;
    const producer = this.#producer ?? clients.producer(publishTimeoutMs);
    this.#producer = producer;
    try {
      const { offsets = [] } = await producer.send({ messages: sent.map(({ message }) => message) });
      this.#acknowledged(sent, offsets);
    } catch (thrown) {
      this.#producer = undefined;
      producer.close().catch(() => {});
      await this.#failed(sent, thrown);
    }
  }

  #messageOf({ body, entry }: PendingPublish): Message {
    const { clients, codec, keyOf, names, partitionsOf, tokenOf } = this.#dependencies;
    const { event, history, ownId } = entry;
    const topic = names.topicOf(event.type);
    const key = shortKey(keyOf(event));
    const message = { topic, key, value: body };
    return {
      ...message,
      // As the Java client does, so that its producers keep to the same partition.
      partition: clients.driver.compatibilityPartitioner(message, Buffer.from(key)) % partitionsOf(topic),
      headers: new Map([...codec.headers(event), [markHeader, writeMark({ ownId, history, token: tokenOf(entry) })]]),
      timestamp: BigInt(Math.trunc(this.#dependencies.clock.now())),
    };
  }

  #acknowledged(
    sent: readonly { readonly publish: PendingPublish; readonly message: Message }[],
    offsets: readonly { readonly topic: string; readonly partition: number; readonly offset: bigint }[],
  ): void {
    const next = new Map(offsets.map(({ offset, partition, topic }) => [`${topic}/${partition}`, Number(offset)]));
    const last = new Map<string, Message>();
    for (const { publish, message } of sent) {
      const place = `${message.topic}/${message.partition}`;
      const offset = next.get(place);
      if (offset === undefined) {
        publish.reject(new BusError("unavailable", `${publish.entry.event.type}: Kafka did not acknowledge it`));
        continue;
      }
      this.#dependencies.placed(publish.entry.event, message.topic, message.partition, offset);
      next.set(place, offset + 1);
      last.set(place, message);
      publish.result = { event: publish.entry.event, duplicate: false };
    }
    for (const [place, { partition, topic }] of last) {
      this.#dependencies.acknowledged(topic, partition, next.get(place) ?? 0);
    }
    for (const { publish } of sent) publish.end();
  }

  /** Some partitions may have taken theirs. A batch that is too large fails as a whole: then each is tried alone. */
  async #failed(
    sent: readonly { readonly publish: PendingPublish; readonly message: Message }[],
    thrown: unknown,
  ): Promise<void> {
    const error = kafkaError(thrown, "publish");
    const written = producedBefore(thrown);
    const taken = sent.filter(({ message }) => written.some((one) => isPlaceOf(message, one)));
    const others = sent.filter((one) => !taken.includes(one));
    if (taken.length > 0) this.#acknowledged(taken, written);
    if (error.code === "event_too_large" && others.length > 1) {
      for (const { publish } of others) await this.#send([publish]);
    } else for (const { publish } of others) publish.reject(error);
  }
}

type Place = { readonly topic: string; readonly partition: number; readonly offset: bigint };

const isPlaceOf = (message: Message, { partition, topic }: Place) =>
  message.topic === topic && message.partition === partition;

/** What the client library says was written before a request failed. */
function producedBefore(thrown: unknown): readonly Place[] {
  const produced: unknown = thrown instanceof Error ? Reflect.get(thrown, "produced") : undefined;
  const offsets: unknown = typeof produced === "object" && produced !== null ? Reflect.get(produced, "offsets") : [];
  return Array.isArray(offsets) ? offsets.filter(isPlace) : [];
}

function isPlace(value: unknown): value is Place {
  return typeof value === "object" && value !== null && "topic" in value && "partition" in value && "offset" in value;
}

/** A key of any length would count against the size of a record; a long one is told from others by its digest. */
function shortKey(key: string): string {
  return key.length <= 512 ? key : `#${createHash("sha256").update(key).digest("base64")}`;
}
