import type { Bus } from "../bus/bus.ts";
import type { BusDependencies } from "../bus/bus-dependencies.ts";
import { createBus } from "../bus/create-bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { standardCatalog } from "../catalog/index.ts";
import type { Engine, EngineContext } from "../engine/engine.ts";
import type { BusError } from "../error/bus-error.ts";
import { messageOf } from "../error/message-of.ts";
import { parseDuration } from "../event/duration.ts";
import { createIds } from "../event/id.ts";
import { systemClock } from "../runtime/clock.ts";
import { guarded } from "../runtime/guarded.ts";
import { guardLogger, jsonLogger, type Logger, toLogger } from "../runtime/logger.ts";
import { Counters } from "../runtime/metrics.ts";
import { fileOptions } from "./config-file.ts";
import { checkCombination, withoutUnsupported } from "./engine-options.ts";
import { environmentOptions } from "./environment.ts";
import { loadAws, loadEmbedded, loadHttp, loadKafka, loadMemory, loadPostgres } from "./load-engine.ts";
import { type ConnectOptions, checkOptions } from "./options.ts";

/** Where configuration is read from. */
export interface ConfigSources {
  /** The folder of the configuration file. Default: the current folder of the process. */
  cwd?: string;
  /** Default: the environment of the process. */
  env?: Readonly<Record<string, string | undefined>>;
  /** A configuration file other than `waggle.config.ts`. */
  config?: string;
}

/** Default database of the embedded engine, relative to the current folder. */
export const defaultFile = ".waggle/bus.db";

/**
 * Completes options with those of `waggle.config.ts`, then with those of the environment; the first value set wins. Throws
 * `invalid_config`.
 */
export async function resolveOptions<Events>(
  options: ConnectOptions<Events>,
  sources: ConfigSources = {},
): Promise<ConnectOptions<Events>> {
  checkOptions(options, "connect");
  const fromFile = await fileOptions(sources.cwd ?? process.cwd(), sources.config);
  const fromEnvironment = environmentOptions(sources.env ?? process.env);
  const merged = { ...fromEnvironment, ...withoutUndefined(fromFile), ...withoutUndefined(options) };
  const supported = withoutUnsupported(merged, options);
  checkOptions(supported, "connect");
  checkCombination(supported);
  return supported as ConnectOptions<Events>;
}

/** An option whose value is undefined, as in `{ source: process.env.NAME }`, counts as omitted. */
function withoutUndefined(options: object): ConnectOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * Opens a bus. Options take precedence over `waggle.config.ts`, that over the environment (`WAGGLE_ENGINE`, `WAGGLE_FILE`,
 * `WAGGLE_BUS`, `WAGGLE_URL`, `WAGGLE_STORE`, `WAGGLE_TOKEN`, `WAGGLE_SOURCE`, `WAGGLE_RETENTION`, `WAGGLE_GRACE`, `WAGGLE_LOG_LEVEL`), and that
 * over the default, the embedded engine in `.waggle/`. The caller closes the bus. Rejects with `invalid_config`; with `unavailable` if the store
 * cannot be opened; with `not_found` if the deployed bus does not exist.
 */
export async function connect<Events = RegisteredEvents>(options: ConnectOptions<Events> = {}): Promise<Bus<Events>> {
  return openBus(await resolveOptions(options));
}

/** Opens a bus with options that are already resolved. */
export async function openBus<Events>(options: ConnectOptions<Events>): Promise<Bus<Events>> {
  return (await openBusOnEngine(options)).bus;
}

/** A bus with its engine and what else it was made of: for what serves both, as the HTTP server does. */
export interface OpenedBus<Events> extends BusDependencies {
  readonly bus: Bus<Events>;
}

/** The same as {@link openBus}; the caller closes the bus, which closes the engine. */
export async function openBusOnEngine<Events>(options: ConnectOptions<Events>): Promise<OpenedBus<Events>> {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const ownLogger = jsonLogger((line) => process.stderr.write(`${line}\n`), options.logLevel);
  const logger = options.logger === undefined ? ownLogger : guardLogger(toLogger(options.logger), ownLogger);
  const onError = errorReporter(options.onError, logger);
  const nextId = createIds({ now: clock.now });
  const counters = new Counters();
  const catalog = options.catalog ?? standardCatalog;
  const engine = await openEngine(options, { catalog, clock, random, logger, onError, nextId });
  const dependencies: BusDependencies = {
    engine,
    catalog,
    source: options.source,
    clock,
    random,
    nextId,
    logger,
    counters,
    use: options.use ?? [],
    graceMs: parseDuration(options.grace ?? "10s", "grace"),
    onError,
  };
  return { ...dependencies, bus: createBus<Events>(dependencies) };
}

/**
 * Tells the user's `onError`, or logs; an error that it fails to take is logged all the same. One that fails many at once, such
 * as all attempts whose ends a full disk does not take, is told once.
 */
function errorReporter(onError: ConnectOptions["onError"], logger: Logger): (error: BusError) => void {
  const log = (error: BusError) => logger.error(error.message, { code: error.code, ...error.details });
  const tell =
    onError === undefined
      ? log
      : guarded(onError, (thrown, error) => {
          log(error);
          logger.error("onError failed", { reason: messageOf(thrown) });
        });
  const told = new WeakSet<BusError>();
  return (error) => {
    if (told.has(error)) return;
    told.add(error);
    tell(error);
  };
}

async function openEngine(options: Omit<ConnectOptions, "catalog">, context: EngineContext): Promise<Engine> {
  if (typeof options.engine === "function") return options.engine(context);
  if (options.engine === "aws") {
    checkCombination(options);
    const { bus = "", lease } = options;
    const { openAwsEngine } = await import("./open-aws-engine.ts");
    return openAwsEngine(await loadAws(), { bus, lease }, context);
  }
  if (options.engine === "memory") {
    const { MemoryEngine } = await loadMemory();
    return new MemoryEngine({ ...context, ...(options.keep === undefined ? {} : { keep: options.keep }) });
  }
  if (options.engine === "http") {
    checkCombination(options);
    const { openHttp } = await loadHttp();
    const { lease, token, url = "" } = options;
    return openHttp({
      ...context,
      url,
      ...(token === undefined ? {} : { token }),
      ...(lease === undefined ? {} : { leaseMs: parseDuration(lease, "lease") }),
    });
  }
  const kept = {
    ...(options.retention === undefined ? {} : { retention: parseDuration(options.retention, "retention") }),
    ...(options.maxPending === undefined ? {} : { maxPending: options.maxPending }),
    closeWaitMs: parseDuration(options.grace ?? "10s", "grace"),
  };
  if (options.engine === "postgres") {
    checkCombination(options);
    const { openPostgres } = await loadPostgres();
    const lease = options.lease === undefined ? undefined : parseDuration(options.lease, "lease");
    return openPostgres({ ...kept, url: options.url, lease }, context);
  }
  if (options.engine === "kafka") {
    checkCombination(options);
    const { kafkaSettings, openKafka } = await loadKafka();
    const { mountedStore } = await import("./mounted-store.ts");
    const { bus, maxPending, store, url = "" } = options;
    const given = {
      brokers: url,
      ...(bus === undefined ? {} : { bus }),
      ...(store === undefined ? {} : { store }),
      ...(maxPending === undefined ? {} : { maxPending }),
    };
    return openKafka({ ...kafkaSettings(given, (where) => mountedStore(where, kept)), ...context });
  }
  const { openEmbedded } = await loadEmbedded();
  return openEmbedded({ ...context, ...kept, file: options.file ?? defaultFile });
}
