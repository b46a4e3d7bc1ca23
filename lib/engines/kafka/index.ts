import type { Engine } from "../../engine/engine.ts";
import { Clients } from "./client/clients.ts";
import { loadDriver } from "./client/driver.ts";
import { KafkaEngine } from "./engine.ts";
import type { EngineSettings } from "./settings.ts";
import { storeOf } from "./store.ts";
import { topicNames } from "./topics/topic-names.ts";
import { ensureTopics } from "./topics/topics.ts";

export { type KafkaOptions, kafkaSettings } from "./options.ts";
export type { EngineSettings, KafkaSasl, KafkaTls, RecordFormat } from "./settings.ts";

/** Opens the bus on a Kafka cluster, and its store. `invalid_config`, `unavailable`. */
export async function openKafka(settings: EngineSettings): Promise<Engine> {
  const names = topicNames(settings, settings.catalog);
  const clients = new Clients(await loadDriver(), settings);
  const topics = await ensureTopics(clients, names, settings);
  const { catalog, clock, logger, nextId, onError, random } = settings;
  const mounted = await settings.store({ catalog, clock, logger, nextId, onError, random });
  try {
    const engine = new KafkaEngine(clients, names, topics, storeOf(mounted), settings);
    await engine.start();
    return engine;
  } catch (thrown) {
    await mounted.close();
    throw thrown;
  }
}
