import type { EngineFactory } from "../../../lib/engine/engine.ts";
import { type KafkaOptions, kafkaEngine } from "../../../lib/kafka-entry.ts";

/** The engine on a text that says where a bus is, `brokers#name#file or URL of the store`; its processes are given up for dead soon. */
export function openPlace(
  where: string,
  options: Partial<Omit<KafkaOptions, "brokers" | "bus" | "store">> = {},
): EngineFactory {
  const [brokers = "", bus = "", store = ""] = where.split("#");
  return kafkaEngine({ brokers, bus, store, sessionTimeout: "1s", partitions: 3, ...options });
}
