import type { EngineContext, EngineFactory } from "../../engine/engine.ts";
import { BusError } from "../../error/bus-error.ts";
import { mustBe } from "../../error/must-be.ts";
import { shortForm } from "../../error/short-form.ts";
import { type Duration, parseDuration } from "../../event/duration.ts";
import type { Event } from "../../event/event.ts";
import { keyAt } from "../../subscription/index.ts";
import type { EngineSettings, KafkaSasl, KafkaTls, RecordFormat } from "./settings.ts";

/** Options of `kafkaEngine`. */
export interface KafkaOptions {
  /** `host:port` of some brokers, as a list or one text with commas. */
  readonly brokers: string | readonly string[];
  /** The name of the bus: of its topic, and part of the names of its groups. Default `waggle`. */
  readonly bus?: string;
  /** `bus` (default): one topic for all events. `domain`: one for each first word of a type. */
  readonly topics?: "bus" | "domain";
  /** With `topics: "domain"`: first words besides those of the catalog and `custom`. The same for every process of the bus. */
  readonly domains?: readonly string[];
  /**
   * What history, deliveries, subscriptions and dead letters are kept by: `postgres://user@host/database`, `postgresEngine(…)`, or
   * the path of a file for the processes of one machine. Default `.waggle/kafka-<bus>.db`.
   */
  readonly store?: string | EngineFactory;
  /** How records look that this process writes; all forms are read. Default `envelope`. */
  readonly format?: RecordFormat;
  /**
   * Events of one key lie in one partition and keep their order: a path such as `data.taskId`, or a function. Default: the
   * correlation id, so that a flow stays in order.
   */
  readonly key?: string | ((event: Event) => string);
  /** TLS: `true`, or the options of the connections. Default: none. */
  readonly tls?: boolean | KafkaTls;
  /** Who this client is to the brokers. Default: nobody. */
  readonly sasl?: KafkaSasl;
  /** Whether topics are made that are missing. Default true. */
  readonly createTopics?: boolean;
  /** Partitions of a topic that is made; default 6. */
  readonly partitions?: number;
  /** Copies of each partition of a topic that is made; default: what the cluster says. */
  readonly replicationFactor?: number;
  /** Maximum number of publishes that wait to be sent; more fail with `throttled`. Default 100,000. */
  readonly maxPending?: number;
  /** How long a publish is tried before it fails with `unavailable`; 1 s to 1 h, default 30 s. */
  readonly publishTimeout?: Duration;
  /** After how long without a sign of life others take over what a process records; 1 s to 30 min, default 10 s. */
  readonly sessionTimeout?: Duration;
}

const names = [
  "brokers",
  "bus",
  "topics",
  "domains",
  "store",
  "format",
  "key",
  "tls",
  "sasl",
  "createTopics",
  "partitions",
  "replicationFactor",
  "maxPending",
  "publishTimeout",
  "sessionTimeout",
] as const satisfies readonly (keyof KafkaOptions)[];

const publishBounds = { min: 1_000, max: 3_600_000 };
const sessionBounds = { min: 1_000, max: 1_800_000 };

/** What the options say, with their defaults. `mount` opens the store that a text names. `invalid_config`. */
export function kafkaSettings(
  options: KafkaOptions,
  mount: (store: string) => EngineFactory,
): Omit<EngineSettings, keyof EngineContext> {
  const unknown = Object.keys(options).find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw invalid(`unknown option ${shortForm(unknown)}; the options are ${names.join(", ")}`);
  const { bus = "waggle", key, store = `.waggle/kafka-${bus}.db`, tls } = options;
  const sessionTimeoutMs = duration(options.sessionTimeout ?? "10s", "sessionTimeout", sessionBounds);
  return {
    brokers: brokersOf(options.brokers),
    bus,
    topics: oneOf("topics", options.topics ?? "bus", ["bus", "domain"]),
    domains: options.domains ?? [],
    store: typeof store === "string" ? mount(store) : store,
    format: oneOf("format", options.format ?? "envelope", ["envelope", "cloudevents"]),
    keyOf: keyOf(key),
    tls: tls === true ? {} : tls === false ? undefined : tls,
    sasl: options.sasl,
    create: options.createTopics ?? true,
    partitions: whole("partitions", options.partitions ?? 6, 10_000),
    replicationFactor:
      options.replicationFactor === undefined ? undefined : whole("replicationFactor", options.replicationFactor, 100),
    maxPending: whole("maxPending", options.maxPending ?? 100_000, Number.MAX_SAFE_INTEGER),
    publishTimeoutMs: duration(options.publishTimeout ?? "30s", "publishTimeout", publishBounds),
    sessionTimeoutMs,
    heartbeatMs: Math.min(1_000, Math.ceil(sessionTimeoutMs / 5)),
  };
}

/** `host:port` of each broker; a scheme `kafka://` may stand before the first. */
function brokersOf(given: unknown): readonly string[] {
  const list: readonly unknown[] =
    typeof given === "string" ? given.replace(/^kafka:\/\//, "").split(",") : Array.isArray(given) ? given : [];
  const brokers = list.map((one) => (typeof one === "string" ? one.trim() : ""));
  const wrong = brokers.find((broker) => !/^(\[[0-9a-fA-F:]+\]|[^\s:/,[\]]+):\d{1,5}$/.test(broker));
  if (brokers.length > 0 && wrong === undefined) return brokers;
  throw invalid(
    `brokers ${brokers.length === 0 ? mustBe("host:port of some brokers", given) : `has ${shortForm(wrong)}, which must be host:port, such as "localhost:9092"`}`,
  );
}

function keyOf(key: KafkaOptions["key"]): (event: Event) => string {
  const flow = ({ metadata }: Event) => metadata.correlationId;
  if (key === undefined) return flow;
  const read = typeof key === "function" ? key : keyAt(key);
  return (event) => {
    const value = read(event);
    return typeof value === "string" && value !== "" ? value : flow(event);
  };
}

function oneOf<const Word extends string>(name: string, given: Word, words: readonly Word[]): Word {
  if (words.includes(given)) return given;
  throw invalid(`${name} ${mustBe(words.map((word) => `"${word}"`).join(" or "), given)}`);
}

function whole(name: string, given: number, max: number): number {
  if (Number.isInteger(given) && given >= 1 && given <= max) return given;
  throw invalid(`${name} ${mustBe(`a whole number from 1 to ${max}`, given)}`);
}

function duration(given: Duration, name: string, bounds: { min: number; max: number }): number {
  return parseDuration(given, `kafkaEngine: ${name}`, bounds);
}

function invalid(problem: string): BusError {
  return new BusError("invalid_config", `kafkaEngine: ${problem}`);
}
