import type { HostRules } from "./access/hosts.ts";
import type { ReceiverRules } from "./webhooks/check-receiver.ts";

/** How a server listens and what it takes; every value has a default in {@link defaultSettings}. */
export interface ServerSettings extends HostRules, ReceiverRules {
  /** The address to listen on; anything but loopback needs tokens. */
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  /** Whether requests need a token. */
  readonly needsToken: boolean;
  /** The most bytes of a request's body. */
  readonly bodyLimit: number;
  /** The most bytes of the entries of one PutEvents, as EventBridge counts them. */
  readonly entriesLimit: number;
  /** The most bytes of a request's headers. */
  readonly headerLimit: number;
  /** Milliseconds within which a client sends its headers. */
  readonly headersTimeoutMs: number;
  /** Milliseconds within which a client sends a whole request. */
  readonly requestTimeoutMs: number;
  /** Milliseconds that a connection without a request stays open. */
  readonly idleTimeoutMs: number;
  /** Milliseconds without progress after which a client that does not read its answer is cut off. */
  readonly slowReaderMs: number;
  /** Open connections; more are refused. */
  readonly maxConnections: number;
  /** Whether streams can follow what history does not keep; each such event costs a delivery then. */
  readonly deltas: boolean;
  /** Whether GenAI spans of OpenTelemetry are taken as events. */
  readonly otlpIn: boolean;
  /** Milliseconds between two heartbeats of a stream. */
  readonly heartbeatMs: number;
}

/** Names and addresses of this machine alone. */
const loopback = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether nobody but this machine reaches a host. */
export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

export const defaultPort = 4600;

const defaults: Omit<ServerSettings, "needsToken"> = {
  host: "127.0.0.1",
  port: defaultPort,
  hosts: [],
  origins: [],
  bodyLimit: 8 * 1_048_576,
  allowPrivateWebhooks: false,
  entriesLimit: 1_048_576,
  headerLimit: 16_384,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  // Longer than clients keep theirs (Go 90 s): one that sends into a connection as it closes has to send again.
  idleTimeoutMs: 120_000,
  slowReaderMs: 30_000,
  maxConnections: 4_096,
  deltas: true,
  otlpIn: false,
  heartbeatMs: 15_000,
};

/** The settings with their defaults. A token is needed on anything but loopback, whatever is given. */
export function serverSettings(given: Partial<ServerSettings> = {}): ServerSettings {
  const { host = defaults.host } = given;
  return { ...defaults, ...given, needsToken: given.needsToken === true || !isLoopback(host) };
}
