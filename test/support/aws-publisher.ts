import { createClients } from "../../lib/engines/aws/clients.ts";
import { createEventPublisher, type EventPublisher } from "../../lib/engines/aws/publish/event-publisher.ts";
import { type Clock, systemClock } from "../../lib/runtime/clock.ts";
import { type StubOptions, startAwsStub } from "./aws-stub.ts";

/** Timers twenty times as fast: what waits for a backoff waits less. */
export const hurriedClock: Clock = {
  ...systemClock,
  setTimer: (run, ms, options) => systemClock.setTimer(run, ms / 20, options),
};

export interface StubPublisherOptions extends StubOptions {
  readonly maxRequestBytes?: number;
  readonly requestTimeoutMs?: number;
  readonly nextId?: () => string;
}

/** A publisher over real clients that speaks to a stub; the SDK wants credentials, whatever they are. */
export async function startStubPublisher(
  options: StubPublisherOptions = {},
): Promise<{ publisher: EventPublisher; end(): Promise<void> }> {
  const credentials = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].filter((name) => process.env[name] === undefined);
  for (const name of credentials) process.env[name] = "test";
  const stub = await startAwsStub(options);
  const { maxRequestBytes = 1_048_576, requestTimeoutMs = 10_000 } = options;
  const clients = createClients({ region: "us-east-1", endpoint: stub.url, requestTimeoutMs });
  let ids = 0;
  const nextId = () => {
    ids += 1;
    return `dead-letter-${ids}`;
  };
  const publisher = createEventPublisher({
    clients,
    clock: hurriedClock,
    random: Math.random,
    nextId: options.nextId ?? nextId,
    config: {
      schema: 1,
      bus: "agents",
      historyTable: "agents-history",
      deliveriesTable: "agents-deliveries",
      publisherDeadLetterQueueUrl: `${stub.url}/000000000000/agents-unpublished`,
      bodiesBucket: "bodies",
      retentionMs: 86_400_000,
      maxRequestBytes,
    },
  });
  const end = async () => {
    await publisher.close();
    clients.destroy();
    await stub.close();
    for (const name of credentials) delete process.env[name];
  };
  return { publisher, end };
}
