import { join } from "node:path";
import { inject } from "vitest";
import type { EngineFactory } from "../../../lib/engine/engine.ts";
import { type KafkaOptions, kafkaEngine } from "../../../lib/kafka-entry.ts";

/** Whether no broker can be run here: then the tests that need one are skipped. */
export const noKafka = inject("kafkaBrokers") === null;

/** `host:port` of the broker that the run shares. */
export function sharedBrokers(): string {
  const brokers = inject("kafkaBrokers");
  if (brokers === null) throw new Error("there is no broker: the tests that need one are skipped");
  return brokers;
}

/** The engine of tests: its processes are given up for dead soon. */
export function openKafka(
  folder: string,
  bus: string,
  brokers: string,
  options: Partial<Omit<KafkaOptions, "brokers" | "bus">> = {},
): EngineFactory {
  return kafkaEngine({ brokers, bus, store: join(folder, "bus.db"), sessionTimeout: "1s", partitions: 3, ...options });
}
