import type { BusConfig } from "../../lib/aws-shared/index.ts";

/** How a deployed bus is configured; only what a test is about has to be said. */
export function aBusConfig(parts: Partial<BusConfig> = {}): BusConfig {
  return {
    schema: 1,
    bus: "agents",
    historyTable: "agents-history",
    deliveriesTable: "agents-deliveries",
    publisherDeadLetterQueueUrl: "https://sqs.us-east-1.amazonaws.com/000000000000/agents-unpublished",
    bodiesBucket: "agents-bodies",
    retentionMs: 30 * 86_400_000,
    maxRequestBytes: 1_048_576,
    ...parts,
  };
}
