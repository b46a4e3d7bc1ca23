import { createHash } from "node:crypto";
import type { Entry } from "../../../engine/event-log.ts";
import { BusError } from "../../../error/bus-error.ts";
import type { Event } from "../../../event/event.ts";
import type { PendingPublish, PublishQueue } from "../../../publish/publish-queue.ts";
import { kafkaError } from "../client/kafka-error.ts";
import type { Codec } from "../records/codec.ts";
import { markHeader, writeMark } from "../records/mark.ts";
import type { EngineSettings } from "../settings.ts";
import type { TopicNames } from "../topics/topic-names.ts";

export interface PublishLoopDependencies extends Pick<EngineSettings, "clock" | "keyOf" | "publishTimeoutMs"> {
  /** A producer of the loop's own, which it closes. */
  openProducer(): RecordSender;
  /** A number from 0 on for a key, the same for every producer: its rest by the number of partitions is the partition. */
  hash(key: string): number;
  readonly names: Pick<TopicNames, "topicOf">;
  readonly codec: Codec;
  readonly publishQueue: PublishQueue;
  /** Under which the publisher waits for what becomes of an entry. */
  tokenOf(entry: Entry): string | undefined;
  /** How many partitions a topic has. */
  partitionsOf(topic: string): number;
  /** Kafka has these events in a partition. */
  acknowledged(stretch: AcknowledgedStretch): void;
}

/** Events of one request that lie in one partition, one after the other. */
export interface AcknowledgedStretch {
  readonly topic: string;
  readonly partition: number;
  /** The offset of the first. */
  readonly offset: number;
  readonly events: readonly Event[];
  /** Whether a handler published some of them. */
  readonly byHandler: boolean;
}

/** At most so many events, and characters of theirs, in a request: a topic takes batches of one mebibyte where nobody raised that. */
const atOnce = { events: 2_000, characters: 800_000 };

/** A record to be sent. */
export interface Message {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
  readonly headers: Map<string, string>;
  readonly timestamp: bigint;
}

/** Where the first record of a request that lies in a partition was put. */
export interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** What the loop needs of a producer. What it throws may tell in `produced` what was written all the same. */
export interface RecordSender {
  send(request: { messages: Message[] }): Promise<{ readonly offsets?: readonly Place[] }>;
  close(): Promise<void>;
}

/**
 * Sends what callers publish, one request after the other: what comes while one is under way goes with the next. A request has a
 * batch for each partition, and each is acknowledged by all replicas in sync. After a failure the next request goes by a new
 * producer, since the brokers may have taken what they did not acknowledge.
 */
export class PublishLoop {
  readonly #dependencies: PublishLoopDependencies;
  #producer: RecordSender | undefined;
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
    const sent: { readonly publish: PendingPublish; readonly message: Message }[] = [];
    for (const publish of group) {
      try {
        sent.push({ publish, message: this.#messageOf(publish) });
      } catch (thrown) {
        publish.reject(kafkaError(thrown, publish.entry.event.type));
      }
    }
    if (sent.length === 0) return;
    const producer = this.#producer ?? this.#dependencies.openProducer();
    this.#producer = producer;
    try {
      const { offsets = [] } = await this.#inTime(producer.send({ messages: sent.map(({ message }) => message) }));
      this.#acknowledged(sent, offsets);
    } catch (thrown) {
      this.#producer = undefined;
      producer.close().catch(() => {});
      await this.#failed(sent, thrown);
    }
  }

  /** The client library tries for ever. */
  async #inTime<Result>(sending: Promise<Result>): Promise<Result> {
    const { clock, publishTimeoutMs } = this.#dependencies;
    const late = Promise.withResolvers<never>();
    const error = new BusError("unavailable", `publish: Kafka did not acknowledge it within ${publishTimeoutMs} ms`);
    const timer = clock.setTimer(() => late.reject(error), publishTimeoutMs, { keepAlive: true });
    try {
      return await Promise.race([sending, late.promise]);
    } finally {
      clock.clearTimer(timer);
      sending.catch(() => {});
    }
  }

  #messageOf({ body, entry }: PendingPublish): Message {
    const { codec, hash, keyOf, names, partitionsOf, tokenOf } = this.#dependencies;
    const { event, history, ownId } = entry;
    const topic = names.topicOf(event.type);
    const key = shortKey(keyOf(event));
    return {
      topic,
      key,
      value: body,
      partition: hash(key) % partitionsOf(topic),
      headers: new Map([...codec.headers(event), [markHeader, writeMark({ ownId, history, token: tokenOf(entry) })]]),
      timestamp: BigInt(Math.trunc(this.#dependencies.clock.now())),
    };
  }

  #acknowledged(
    sent: readonly { readonly publish: PendingPublish; readonly message: Message }[],
    offsets: readonly Place[],
  ): void {
    const stretches = new Map<string, Stretch>();
    for (const { publish, message } of sent) {
      const place = `${message.topic}/${message.partition}`;
      const known = stretches.get(place);
      const stretch = known ?? beginningOf(message, offsets);
      if (stretch === undefined) {
        publish.reject(new BusError("unavailable", `${publish.entry.event.type}: Kafka did not acknowledge it`));
        continue;
      }
      if (known === undefined) stretches.set(place, stretch);
      const { event, inHandler } = publish.entry;
      stretch.events.push(event);
      stretch.byHandler ||= inHandler;
      publish.result = { event, duplicate: false };
    }
    for (const stretch of stretches.values()) this.#dependencies.acknowledged(stretch);
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

type Stretch = AcknowledgedStretch & { readonly events: Event[]; byHandler: boolean };

function beginningOf(message: Message, offsets: readonly Place[]): Stretch | undefined {
  const found = offsets.find((place) => isPlaceOf(message, place));
  if (found === undefined) return undefined;
  const { offset, partition, topic } = found;
  return { topic, partition, offset: Number(offset), events: [], byHandler: false };
}

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
