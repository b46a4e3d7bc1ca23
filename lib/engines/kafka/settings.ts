import type { EngineContext, EngineFactory } from "../../engine/engine.ts";
import type { Event } from "../../event/event.ts";

/** Who the client is to the brokers. */
export interface KafkaSasl {
  /** `OAUTHBEARER` takes a `token`, the others a user name and a password. */
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER";
  /** The user. */
  readonly username?: string;
  /** The password. */
  readonly password?: string;
  /** A token, or what gives one each time that it is asked for: it is asked again before the old one runs out. */
  readonly token?: string | (() => string | Promise<string>);
}

/** How TLS connections are made: the options of `tls.connect` that say whom to trust and who the client is. */
export interface KafkaTls {
  /** Certificates of the authorities to trust; default: those of Node. */
  readonly ca?: string | Buffer | (string | Buffer)[];
  /** The client's certificate. */
  readonly cert?: string | Buffer;
  /** The client's private key. */
  readonly key?: string | Buffer;
  /** The password of the key. */
  readonly passphrase?: string;
  /** Whether the brokers' certificates are checked; default true. */
  readonly rejectUnauthorized?: boolean;
}

/** How the brokers are reached. */
export interface Connection {
  /** `host:port` of some of them. */
  readonly brokers: readonly string[];
  readonly tls: KafkaTls | undefined;
  readonly sasl: KafkaSasl | undefined;
}

/** How topics are named and made. */
export interface TopicSettings {
  /** The name of the bus. */
  readonly bus: string;
  /** One topic for the bus, or one for each domain, the first word of a type. */
  readonly topics: "bus" | "domain";
  /** Domains besides those of the catalog. */
  readonly domains: readonly string[];
  /** Whether missing ones are made. */
  readonly create: boolean;
  readonly partitions: number;
  /** `undefined`: what the cluster's own default is. */
  readonly replicationFactor: number | undefined;
}

/** How records look that this process writes. All forms are read. */
export type RecordFormat = "envelope" | "cloudevents";

/** What the engine is made of, its options completed. */
export interface EngineSettings extends EngineContext, Connection, TopicSettings {
  readonly format: RecordFormat;
  /** What keeps events of one key in order. */
  readonly keyOf: (event: Event) => string;
  /** Opens the engine that history, deliveries and dead letters are kept by. */
  readonly store: EngineFactory;
  readonly maxPending: number;
  /** Milliseconds after which the group gives the partitions of a silent process to others. */
  readonly sessionTimeoutMs: number;
  /** Milliseconds between two signs of life to the group. */
  readonly heartbeatMs: number;
  /** Milliseconds for which a publish is tried. */
  readonly publishTimeoutMs: number;
}
