import type { Engine, EngineContext, EngineFactory } from "../../engine/engine.ts";
import { Clients } from "./client/clients.ts";
import { loadDriver } from "./client/driver.ts";
import { KafkaEngine } from "./engine.ts";
import type { EngineSettings } from "./settings.ts";
import { storeOf } from "./store.ts";
import { topicNames } from "./topics/topic-names.ts";
import { ensureTopics } from "./topics/topics.ts";

export { type CheckedTopic, checkKafka, initKafka, type KafkaCheck } from "./check.ts";
export { type KafkaHealth, kafkaHealth } from "./health.ts";
export { type KafkaOptions, kafkaSettings } from "./options.ts";
export type { EngineSettings, KafkaSasl, KafkaTls, RecordFormat } from "./settings.ts";
export type { TopicState } from "./topics/topics.ts";

/** What an engine is opened with, but for what the bus gives it. */
export type KafkaSettings = Omit<EngineSettings, keyof EngineContext>;

const settingsByFactory = new WeakMap<object, KafkaSettings>();

/** The factory of an engine, which the command asks for its settings: it needs the same topics, and no store. */
export function kafkaFactory(settings: KafkaSettings): EngineFactory {
  const factory: EngineFactory = (context) => openKafka({ ...settings, ...context });
  settingsByFactory.set(factory, settings);
  return factory;
}

/** The settings of an engine that {@link kafkaFactory} opens; `undefined` for any other. */
export function settingsOf(factory: object): KafkaSettings | undefined {
  return settingsByFactory.get(factory);
}

/** Opens the bus on a Kafka cluster, and its store. `invalid_config`, `unavailable`. */
export async function openKafka(settings: EngineSettings): Promise<Engine> {
  const names = topicNames(settings, settings.catalog);
  const clients = new Clients(await loadDriver(), settings);
  const topics = await ensureTopics(clients, names, settings);
  const { catalog, clock, logger, nextId, onError, random } = settings;
  const mounted = await settings.store({ catalog, clock, logger, nextId, onError, random });
  let engine: Engine = mounted;
  try {
    const opened = new KafkaEngine(clients, names, topics, storeOf(mounted), settings);
    engine = opened;
    await opened.start();
    return opened;
  } catch (thrown) {
    await engine.close();
    throw thrown;
  }
}
