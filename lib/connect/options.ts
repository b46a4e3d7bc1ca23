import * as z from "zod";
import type { AlertConfig } from "../alerts/rules/rules.ts";
import type { MiddlewareOption } from "../bus/middleware.ts";
import type { EngineFactory } from "../engine/engine.ts";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { readable } from "../error/readable.ts";
import type { Catalog } from "../event/catalog.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { describeIssues } from "../event/issues.ts";
import { didYouMean } from "../event/nearest.ts";
import type { Clock } from "../runtime/clock.ts";
import { isRecord } from "../runtime/is-record.ts";
import type { LoggerLike, LogLevel } from "../runtime/logger.ts";
import { checkEngineOptions } from "./engine-options.ts";

/** Options of {@link connect}. An omitted one comes from `waggle.config.ts`, then the environment, then the default. */
export interface ConnectOptions<Events = unknown> {
  /**
   * `embedded` (default): SQLite on this machine. `memory`: this process only. `aws`: a deployed bus. `postgres`: a PostgreSQL
   * database. `kafka`: topics of a Kafka cluster. `http`: the bus of a server, `waggle serve`. A function: an engine of your own, see
   * docs/reference/write-an-engine.md.
   */
  engine?: EngineName | EngineFactory;
  /** The database of the embedded engine; default `.waggle/bus.db`. Its folder is created. */
  file?: string;
  /**
   * The name of the deployed bus of the aws engine; the engine finds everything else by it. Or the ARN of a bus of another
   * account that lets this one publish: see docs/aws/cross-account.md. Or the name of the bus, and so of the topic, of the kafka
   * engine; there the default is `waggle`.
   */
  bus?: string;
  /**
   * Where the database of the postgres engine is, `postgres://user@host/database`, some brokers of the kafka engine,
   * `kafka://host:9092,host:9092`, or the server of the http engine, `http://127.0.0.1:4600`.
   */
  url?: string;
  /**
   * What the kafka engine keeps history and deliveries by: the URL of a PostgreSQL database, or the path of a file for the
   * processes of one machine. Default `.waggle/kafka-<bus>.db`.
   */
  store?: string;
  /**
   * How long a delivery stays with a process that no longer renews it, because it ended or hangs; 1 s to 12 h, default 30 s.
   * aws, http, and postgres behind a pooler.
   */
  lease?: Duration;
  /** The token for the server of the http engine, made with `waggle token create`; none is needed on the server's own machine. */
  token?: string;
  /** The service or agent that publishes; required unless each publish names one. */
  source?: string;
  /** The event types; default: the standard catalog. */
  catalog?: Catalog<Events>;
  /** How long history keeps an event; default 30 days. Undelivered events are kept until they are delivered. Embedded, postgres and kafka. */
  retention?: Duration;
  /** How long `close` waits for handlers before it aborts them; default 10 s. */
  grace?: Duration;
  /** Middleware around publishes and handlers, the outermost first: {@link rateLimit}, or your own. */
  use?: readonly MiddlewareOption[];
  /** Maximum number of publishes that wait to be written; more fail with `throttled`. Default 100,000. Embedded, postgres and kafka. */
  maxPending?: number;
  /** Number of events that the memory engine keeps; default 100,000. */
  keep?: number;
  /** What `waggle serve` and `waggle dev` watch, and where alerts go: see docs/local/alerts.md. `connect` itself watches nothing. */
  alerts?: AlertConfig;
  /**
   * The logger of the bus and its handlers: `pino()`, `console`, a winston logger, or an object with `debug`, `info`, `warn`
   * and `error` that take `(message, fields)`. Default: JSON lines on stderr, from `logLevel` up.
   */
  logger?: LoggerLike;
  /** The level of the default logger; default `warn`. */
  logLevel?: LogLevel;
  /**
   * Called for background errors, which no caller can see: a stuck handler, a store that fails. One error that ends many
   * things at once is given once. Default: they are logged.
   */
  onError?: (error: BusError) => void;
  /** The source of time and timers, for tests. */
  clock?: Clock;
  /** Returns a random number from 0 to below 1, for tests. */
  random?: () => number;
}

/** The engines that can be selected by name. */
export const engineNames = ["embedded", "memory", "aws", "postgres", "kafka", "http"] as const;
export type EngineName = (typeof engineNames)[number];

const duration = z.union([z.string(), z.number()]);
const fn = z.custom<(...values: never[]) => unknown>((value) => typeof value === "function", "must be a function");
const hasMethods = (...names: string[]) =>
  z.custom<object>(
    (value) => value instanceof Object && names.every((name) => typeof Reflect.get(value, name) === "function"),
    `must be an object with the methods ${names.join(", ")}`,
  );

const hasSome = (...names: string[]) =>
  z.custom<object>(
    (value) => value instanceof Object && names.some((name) => typeof Reflect.get(value, name) === "function"),
    `must be an object with the method ${names.join(" or ")}`,
  );

const shape = {
  engine: z
    .custom<EngineName | ((...values: never[]) => unknown)>(
      (value) => typeof value === "function" || engineNames.some((name) => name === value),
      `must be ${engineNames.map((name) => `"${name}"`).join(", ")} or a function that opens an engine`,
    )
    .optional(),
  file: z.string().min(1).optional(),
  bus: z.string().min(1).optional(),
  url: z.string().min(1).optional(),
  store: z.string().min(1).optional(),
  lease: duration.optional(),
  token: z.string().min(1).optional(),
  source: z
    .string()
    .min(1)
    .max(256)
    .refine((source) => !source.startsWith("aws."), 'must not start with "aws."')
    .optional(),
  catalog: hasMethods("resolve", "upcast").optional(),
  retention: duration.optional(),
  grace: duration.optional(),
  use: z.array(z.union([hasSome("publish", "handle"), fn])).optional(),
  maxPending: z.int().min(1).optional(),
  keep: z.int().min(1).max(10_000_000).optional(),
  alerts: z.custom<AlertConfig>((value) => isRecord(value), "must be an object with rules").optional(),
  logger: hasMethods("debug", "info", "warn", "error").optional(),
  logLevel: z.enum(["debug", "info", "warn", "error", "silent"]).optional(),
  onError: fn.optional(),
  clock: hasMethods("now", "setTimer", "clearTimer").optional(),
  random: fn.optional(),
};

const schema = z.strictObject(shape);

/** The names of all options. */
export const optionNames: readonly string[] = Object.keys(shape);

/**
 * Validates options from any source. In messages `from` names the source, and `nameOf` returns the name of an option in that
 * source. Throws `invalid_config`.
 */
export function checkOptions(options: unknown, from: string, nameOf = (option: string) => option): void {
  readable(`${from}: the options`, () => checkEach(options, from, nameOf));
}

function checkEach(options: unknown, from: string, nameOf: (option: string) => string): void {
  if (!isRecord(options)) {
    throw new BusError("invalid_config", `${from}: the options ${mustBe("an object", options)}`);
  }
  const parsed = schema.safeParse(options);
  if (!parsed.success) throw toConfigError(parsed.error, options, from, nameOf);
  const { retention, grace } = parsed.data;
  if (retention !== undefined) parseDuration(retention, `${from}: ${nameOf("retention")}`);
  if (grace !== undefined) parseDuration(grace, `${from}: ${nameOf("grace")}`);
  checkEngineOptions(parsed.data, from, nameOf);
}

function toConfigError(
  error: z.ZodError,
  options: unknown,
  from: string,
  nameOf: (option: string) => string,
): BusError {
  const issue = error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const fix = didYouMean(key, optionNames, `the options are ${optionNames.join(", ")}`);
    return new BusError("invalid_config", `${from}: unknown option ${key}${fix}`);
  }
  const [first] = describeIssues(error, options, "");
  const subject = first?.path === undefined || first.path === "" ? "the options" : nameOf(first.path);
  return new BusError("invalid_config", `${from}: ${subject} ${first?.problem}`, { cause: error });
}
