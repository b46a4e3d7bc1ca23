// The public entry `wagglebus/kafka`: the engine with all its options. By name, and a URL alone, `connect` loads it by itself.
import { mountedStore } from "./connect/mounted-store.ts";
import type { EngineFactory } from "./engine/engine.ts";
import { type KafkaOptions, kafkaFactory, kafkaSettings } from "./engines/kafka/index.ts";

export type { KafkaOptions, KafkaSasl, KafkaTls, RecordFormat } from "./engines/kafka/index.ts";

/**
 * Returns the kafka engine: `connect({ engine: kafkaEngine({ brokers: ["localhost:9092"] }) })`. It needs the package
 * `@platformatic/kafka`. `invalid_config`.
 */
export function kafkaEngine(options: KafkaOptions): EngineFactory {
  return kafkaFactory(kafkaSettings(options, mountedStore));
}
