import type { Capability } from "../../engine/capabilities.ts";
import type { DeadLetterStore } from "../../engine/dead-letter-store.ts";
import type { DeliveryQueue } from "../../engine/delivery-queue.ts";
import type { Engine, Unwatch } from "../../engine/engine.ts";
import type { Entry, EventLog } from "../../engine/event-log.ts";
import type { SubscriptionStore } from "../../engine/subscription-store.ts";
import { PublishQueue } from "../../publish/publish-queue.ts";
import type { Clients } from "./client/clients.ts";
import { KafkaLog } from "./log.ts";
import { KafkaDeadLetters, KafkaDeliveries, KafkaSubscriptions } from "./ports.ts";
import { PublishLoop } from "./publishing/publish-loop.ts";
import { Progress } from "./recording/progress.ts";
import { Recording } from "./recording/recording.ts";
import { UnrecordedEvents } from "./recording/unrecorded.ts";
import { codecs } from "./records/codec.ts";
import type { EngineSettings } from "./settings.ts";
import type { Store } from "./store.ts";
import { Ends } from "./topics/ends.ts";
import type { TopicNames } from "./topics/topic-names.ts";
import { feedOf, placeOfFeed, type TopicState } from "./topics/topics.ts";
import { DeadLetterTopic } from "./upkeep/dead-letter-topic.ts";
import { GroupOffsets } from "./upkeep/group-offsets.ts";
import { Upkeep } from "./upkeep/upkeep.ts";

/** What the store is asked for by itself: to move a bus, and to erase. A topic keeps what it was sent. */
const ofStore: ReadonlySet<Capability> = new Set(["transfer", "erase"]);

/** Topics carry the events, and a mounted store all that they cannot tell. */
export class KafkaEngine implements Engine {
  readonly name = "kafka";
  readonly store?: string;
  readonly capabilities: ReadonlySet<Capability>;
  readonly log: EventLog;
  readonly deliveries: DeliveryQueue;
  readonly subscriptions: SubscriptionStore;
  readonly deadLetters: DeadLetterStore;
  readonly #store: Store;
  readonly #progress: Progress;
  readonly #recording: Recording;
  readonly #publishLoop: PublishLoop;
  readonly #ends: Ends;
  readonly #upkeep: Upkeep;
  #closing: Promise<void> | undefined;

  constructor(
    clients: Clients,
    names: TopicNames,
    topics: readonly TopicState[],
    store: Store,
    settings: EngineSettings,
  ) {
    const { engine } = store;
    this.#store = store;
    this.capabilities = new Set([...engine.capabilities].filter((one) => !ofStore.has(one)));
    if (engine.store !== undefined) this.store = engine.store;
    const partitions = new Map(topics.map(({ name, partitions: count }) => [name, count]));
    const feed = (topic: string, partition: number) => {
      const state = topics.find(({ name }) => name === topic);
      return feedOf(state ?? { name: topic, id: "" }, partition);
    };

    const unrecorded = new UnrecordedEvents();
    const progress = new Progress({
      ...settings,
      start: () => this.#recording.start(),
      feeds: store.feeds,
      changed: (name, next) => unrecorded.recorded(name, next),
    });
    this.#progress = progress;
    const codec = codecs[settings.format];
    const { now } = settings.clock;
    this.#upkeep = new Upkeep({
      ...settings,
      store,
      deadLetterTopic: new DeadLetterTopic({
        store,
        codec,
        now,
        topic: names.deadLetters,
        producer: () => clients.producer(),
        publishTimeoutMs: settings.publishTimeoutMs,
      }),
      groupOffsets: new GroupOffsets({
        now,
        subscriptions: engine.subscriptions,
        feeds: store.feeds,
        openWriter: () => {
          const admin = clients.admin();
          return {
            write: (groupId, offsets) => admin.alterConsumerGroupOffsets({ groupId, topics: offsets }),
            close: () => void admin.close().catch(() => {}),
          };
        },
        groupOf: names.groupOf,
        partitionOf: (name) => placeOfFeed(topics, name),
      }),
    });
    const leads = (yes: boolean) => this.#upkeep.lead(yes);
    this.#recording = new Recording({ ...settings, clients, names, store, progress, partitions, leads });
    const group = { ...settings, group: names.recorders };
    this.#ends = new Ends({
      consumer: () => clients.consumer(group),
      topics: names.events,
      present: (topic, partition, next) => progress.present(feed(topic, partition), next),
    });

    const tokens = new WeakMap<Entry, string>();
    const publishQueue = new PublishQueue(settings.maxPending, () => this.#publishLoop.schedule(), codec.value);
    this.#publishLoop = new PublishLoop({
      ...settings,
      openProducer: () => clients.producer(),
      hash: (key) => clients.hash(key),
      names,
      codec,
      publishQueue,
      tokenOf: (entry) => tokens.get(entry),
      partitionsOf: (topic) => partitions.get(topic) ?? 1,
      acknowledged: ({ byHandler, events, offset, partition, topic }) => {
        const name = feed(topic, partition);
        progress.published(name, offset + events.length, byHandler);
        for (const [index, { id }] of events.entries()) {
          if (!progress.has(name, offset + index)) unrecorded.add(id, name, offset + index);
        }
      },
    });

    const closed = () => this.#closing !== undefined;
    const ports = { progress, start: () => this.#recording.start(), refresh: () => this.#ends.refresh() };
    this.log = new KafkaLog({ recorded: engine.log, publishQueue, progress, unrecorded, tokens, closed });
    this.deliveries = new KafkaDeliveries(engine.deliveries, ports);
    this.subscriptions = new KafkaSubscriptions(engine.subscriptions, ports);
    this.deadLetters = new KafkaDeadLetters(engine.deadLetters, progress);
  }

  /** Learns what the topics hold. */
  start(): Promise<void> {
    return this.#ends.refresh();
  }

  watch(changed: () => void): Unwatch {
    this.#recording.start();
    return this.#store.engine.watch(changed);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#publishLoop.idle();
    this.#progress.close();
    await this.#upkeep.close();
    await Promise.all([this.#recording.close(), this.#publishLoop.close(), this.#ends.close()]);
    await this.#store.engine.close();
  }
}
