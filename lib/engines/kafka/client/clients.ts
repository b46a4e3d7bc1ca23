import type { Admin, Consumer, Producer, SASLOptions } from "@platformatic/kafka";
import type { Connection, KafkaSasl } from "../settings.ts";
import type { Driver } from "./driver.ts";

const clientId = "waggle";
/** Milliseconds after which a request is given up; a fetch waits for news for less than that. */
const requestTimeout = 15_000;
const connectTimeout = 5_000;
const retryDelay = 100;
/** Milliseconds after which a client asks again which broker leads a partition, and how many there are. */
const metadataMaxAge = 30_000;

/** How a member of a group shows that it lives. */
export interface GroupSettings {
  readonly group: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
}

/** Makes the clients of one cluster. Each of them is closed by who asked for it. */
export class Clients {
  readonly driver: Driver;
  readonly #connection: Connection;

  constructor(driver: Driver, connection: Connection) {
    this.driver = driver;
    this.#connection = connection;
  }

  /**
   * An idempotent producer. It numbers what it sends by partition, and relies on sending one request after the other; after
   * one that failed its numbers may be wrong, and it must not be used again.
   */
  producer(): Producer<string, string, string, string> {
    const { stringSerializers, Producer } = this.driver;
    return quiet(
      new Producer({
        ...this.#options(),
        idempotent: true,
        serializers: stringSerializers,
        timeout: requestTimeout,
        // Until whoever sends gives it up, and closes the producer.
        retries: Number.MAX_SAFE_INTEGER,
      }),
    );
  }

  /** The hash of a key by which the Java client chooses a partition: producers of any make keep to the same one. */
  hash(key: string): number {
    return this.driver.compatibilityPartitioner({ topic: "" }, Buffer.from(key));
  }

  /** A client that fetches and asks for offsets, and a member of the group once it has joined it. */
  consumer({ group, heartbeatMs, sessionTimeoutMs }: GroupSettings): Consumer {
    return quiet(
      new this.driver.Consumer({
        ...this.#options(),
        groupId: group,
        retries: 3,
        sessionTimeout: sessionTimeoutMs,
        heartbeatInterval: heartbeatMs,
        // A member that is slow to join again only takes over later: nobody relies on that it has let go.
        rebalanceTimeout: sessionTimeoutMs,
        autocommit: false,
      }),
    );
  }

  admin(): Admin {
    return quiet(new this.driver.Admin({ ...this.#options(), retries: 3 }));
  }

  #options() {
    const { brokers, sasl, tls } = this.#connection;
    return {
      clientId,
      bootstrapBrokers: [...brokers],
      connectTimeout,
      requestTimeout,
      retryDelay,
      metadataMaxAge,
      autocreateTopics: false,
      ...(tls === undefined ? {} : { tls: { ...tls } }),
      ...(sasl === undefined ? {} : { sasl: saslOptions(sasl) }),
    };
  }
}

function saslOptions({ mechanism, password, token, username }: KafkaSasl): SASLOptions {
  return {
    mechanism,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  };
}

/** Whoever waits for a call is told; without a listener the event would end the process. */
function quiet<Client extends Admin | Consumer | Producer<string, string, string, string>>(client: Client): Client {
  const events: { on(name: string, listener: () => void): unknown } = client;
  events.on("error", () => {});
  return client;
}
