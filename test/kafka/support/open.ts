import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { inject } from "vitest";

/** Whether no broker can be run here: then the tests that need one are skipped. */
export const noKafka = inject("kafkaBrokers") === null;

/** `host:port` of the broker that the run shares. */
export function sharedBrokers(): string {
  const brokers = inject("kafkaBrokers");
  if (brokers === null) throw new Error("there is no broker: the tests that need one are skipped");
  return brokers;
}

/** Where a new bus is, as `openPlace` takes it, and its name. */
export function newPlace(
  folder: string,
  word: string,
  brokers = sharedBrokers(),
  store = join(folder, "bus.db"),
): { where: string; name: string } {
  const name = `${word}-${randomBytes(4).toString("hex")}`;
  return { name, where: `${brokers}#${name}#${store}` };
}
