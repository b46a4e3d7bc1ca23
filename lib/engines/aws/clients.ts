import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { Clients } from "./dependencies.ts";
import { missingPackage } from "./missing-package.ts";

/** What is said here wins over the environment and the profile, which the SDK reads by itself. */
export interface ClientOptions {
  readonly region?: string;
  /** One address for all services: an emulator's. */
  readonly endpoint?: string;
  /** Milliseconds that any request may take; for tests and benchmarks that make requests hang. */
  readonly requestTimeoutMs?: number;
}

/** How one service is called. */
interface ClientProfile {
  /**
   * Attempts at a whole request, the first included; the SDK waits between them and asks its retry quota. What fails in
   * single entries of a request that itself succeeded is for the caller to repeat.
   */
  readonly maxAttempts: number;
  /** Milliseconds for one attempt until its answer begins. Without it the SDK waits for ever. */
  readonly requestTimeoutMs: number;
  /** Milliseconds without a byte, after which an answer that has begun is given up. */
  readonly silenceMs: number;
  /** Connections at once; what is beyond waits in the process, and its time runs. */
  readonly sockets: number;
}

/** A lost SYN is sent again after 1 s: time for one of them, and a dead address is told from a slow service. */
const connectionTimeoutMs = 2_000;

const clientProfiles = {
  // The publisher retries by itself, slows down and batches anew; the second attempt is for the connection that was
  // closed while idle. PutEvents takes tens of milliseconds; a megabyte over a slow line takes seconds.
  events: { maxAttempts: 2, requestTimeoutMs: 5_000, silenceMs: 5_000, sockets: 64 },
  // A long poll holds its socket for 20 s: see `longPoll`. So there are many, and silence is longer than a poll.
  sqs: { maxAttempts: 3, requestTimeoutMs: 5_000, silenceMs: 25_000, sockets: 256 },
  // Answers within 10 ms; a conditional write that was lost is repeated under its token. 4 is the SDK's own number here.
  dynamo: { maxAttempts: 4, requestTimeoutMs: 3_000, silenceMs: 3_000, sockets: 128 },
  // Asked at connect only, by every process of a deployment at once: 40 requests a second are all it gives.
  ssm: { maxAttempts: 6, requestTimeoutMs: 5_000, silenceMs: 5_000, sockets: 8 },
  // Asked by people: for what the functions have written, and for alarms. Both answer five to fifty requests a second.
  logs: { maxAttempts: 6, requestTimeoutMs: 15_000, silenceMs: 5_000, sockets: 16 },
  cloudwatch: { maxAttempts: 4, requestTimeoutMs: 5_000, silenceMs: 5_000, sockets: 4 },
  // Bodies of megabytes.
  s3: { maxAttempts: 4, requestTimeoutMs: 15_000, silenceMs: 5_000, sockets: 32 },
} as const satisfies Record<string, ClientProfile>;

/** Seconds of a long poll of SQS, the longest there is, and what its `send` has to be given: an answer may take that long. */
export const longPoll = { waitSeconds: 20, sendOptions: { requestTimeout: 23_000 } } as const;

/** A client's settings: the same wherever one is made. Region, endpoint and credentials are left to the SDK's own chain. */
export function clientSettings(service: keyof typeof clientProfiles, options: ClientOptions = {}) {
  const { maxAttempts, requestTimeoutMs, silenceMs, sockets } = clientProfiles[service];
  const { region, endpoint } = options;
  const agent = { keepAlive: true, maxSockets: sockets };
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    maxAttempts,
    retryMode: "standard",
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: options.requestTimeoutMs ?? requestTimeoutMs,
      // Without it the SDK only warns, and waits on.
      throwOnRequestTimeout: true,
      socketTimeout: silenceMs,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}

/** The clients of a process; each is made when it is first asked for. */
export function createClients(options: ClientOptions = {}): Clients {
  return new LazyClients(options);
}

class LazyClients implements Clients {
  readonly #options: ClientOptions;
  readonly #made: { destroy(): void }[] = [];
  #events: EventBridgeClient | undefined;
  #sqs: SQSClient | undefined;
  #dynamo: DynamoDBClient | undefined;
  #ssm: Promise<SSMClient> | undefined;
  #s3: Promise<S3Client> | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get events(): EventBridgeClient {
    // Documented: the steps of a request are put together once a command. Nobody adds to them later; an SDK without it ignores it.
    const settings = { ...clientSettings("events", this.#options), cacheMiddleware: true };
    this.#events ??= this.#keep(new EventBridgeClient(settings));
    return this.#events;
  }

  get sqs(): SQSClient {
    this.#sqs ??= this.#keep(new SQSClient(clientSettings("sqs", this.#options)));
    return this.#sqs;
  }

  get dynamo(): DynamoDBClient {
    this.#dynamo ??= this.#keep(new DynamoDBClient(clientSettings("dynamo", this.#options)));
    return this.#dynamo;
  }

  ssm(): Promise<SSMClient> {
    this.#ssm ??= load(async () => {
      const { SSMClient } = await import("./ssm.ts");
      return this.#keep(new SSMClient(clientSettings("ssm", this.#options)));
    });
    return this.#ssm;
  }

  s3(): Promise<S3Client> {
    this.#s3 ??= load(async () => {
      const { S3Client } = await import("./s3.ts");
      return this.#keep(new S3Client(clientSettings("s3", this.#options)));
    });
    return this.#s3;
  }

  destroy(): void {
    for (const client of this.#made.splice(0)) client.destroy();
  }

  #keep<Client extends { destroy(): void }>(client: Client): Client {
    this.#made.push(client);
    return client;
  }
}

async function load<Client>(make: () => Promise<Client>): Promise<Client> {
  try {
    return await make();
  } catch (thrown) {
    throw missingPackage(thrown) ?? thrown;
  }
}
