import type { TestProject } from "vitest/node";
import { KafkaCluster } from "./cluster.ts";
import { missingForKafka } from "./java.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The broker that the files of a run share; `null` where none can be run. */
    kafkaBrokers: string | null;
  }
}

/** vitest's global set-up: one broker for a run. */
export default async function startCluster(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const missing = missingForKafka();
  if (missing !== undefined) {
    process.stderr.write(`kafka tests: skipped, since ${missing}\n`);
    project.provide("kafkaBrokers", null);
    return undefined;
  }
  const cluster = await KafkaCluster.start();
  project.provide("kafkaBrokers", cluster.brokers);
  return () => cluster.stop();
}
