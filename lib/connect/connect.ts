import type { Bus } from "../bus/bus.ts";
import { createBus } from "../bus/create-bus.ts";
import type { RegisteredEvents } from "../bus/register.ts";
import { standardCatalog } from "../catalog/index.ts";
import type { Engine, EngineContext } from "../engine/engine.ts";
import type { BusError } from "../error/bus-error.ts";
import { parseDuration } from "../event/duration.ts";
import { createIds } from "../event/id.ts";
import { systemClock } from "../runtime/clock.ts";
import { jsonLogger, toLogger } from "../runtime/logger.ts";
import { Counters } from "../runtime/metrics.ts";
import { fileOptions } from "./config-file.ts";
import { checkWhole, withoutUnsupported } from "./engine-options.ts";
import { environmentOptions, functionBusConfig } from "./environment.ts";
import { loadAws, loadEmbedded, loadMemory } from "./load-engine.ts";
import { type ConnectOptions, checkOptions } from "./options.ts";

/** Where configuration is looked for; the process's own folder and environment where absent. */
export interface ConfigPlaces {
  cwd?: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** A configuration file other than `waggle.config.ts`. */
  config?: string;
}

/** Default database of the embedded engine, from the current folder. */
export const defaultFile = ".waggle/bus.db";

/** Options with what `waggle.config.ts` and the environment add; the first that says something wins. `invalid_config`. */
export async function resolveOptions<Events>(
  options: ConnectOptions<Events>,
  places: ConfigPlaces = {},
): Promise<ConnectOptions<Events>> {
  checkOptions(options, "connect");
  const fromFile = await fileOptions(places.cwd ?? process.cwd(), places.config);
  const fromEnvironment = environmentOptions(places.env ?? process.env);
  const merged = { ...fromEnvironment, ...withoutUndefined(fromFile), ...withoutUndefined(options) };
  const fitting = withoutUnsupported(merged, options);
  checkOptions(fitting, "connect");
  checkWhole(fitting);
  return fitting as ConnectOptions<Events>;
}

/** An option that is there and undefined, as in `{ source: process.env.NAME }`, says nothing. */
function withoutUndefined(options: object): ConnectOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * Opens a bus. Options win over `waggle.config.ts`, that over the environment (`WAGGLE_ENGINE`, `WAGGLE_FILE`,
 * `WAGGLE_BUS`, `WAGGLE_SOURCE`, `WAGGLE_RETENTION`, `WAGGLE_GRACE`, `WAGGLE_LOG_LEVEL`), that over the default: embedded in `.waggle/`.
 * Close it when done. `invalid_config`; `unavailable` where the store cannot be opened; `not_found` where there is
 * no such bus.
 */
export async function connect<Events = RegisteredEvents>(options: ConnectOptions<Events> = {}): Promise<Bus<Events>> {
  return openBus(await resolveOptions(options));
}

/** Opens a bus with options that are whole already. */
export async function openBus<Events>(options: ConnectOptions<Events>): Promise<Bus<Events>> {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const logger =
    options.logger === undefined
      ? jsonLogger((line) => process.stderr.write(`${line}\n`), options.logLevel)
      : toLogger(options.logger);
  const onError =
    options.onError ?? ((error: BusError) => logger.error(error.message, { code: error.code, ...error.details }));
  const nextId = createIds({ now: clock.now });
  const counters = new Counters();
  const catalog = options.catalog ?? standardCatalog;
  const engine = await openEngine(options, { catalog, clock, random, logger, onError, nextId });
  return createBus<Events>({
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
  });
}

async function openEngine(options: Omit<ConnectOptions, "catalog">, context: EngineContext): Promise<Engine> {
  if (typeof options.engine === "function") return options.engine(context);
  if (options.engine === "aws") {
    checkWhole(options);
    const { createAwsEngine, openAws } = await loadAws();
    const settings = {
      ...context,
      ...(options.lease === undefined ? {} : { leaseMs: parseDuration(options.lease, "lease") }),
    };
    const config = functionBusConfig(process.env);
    // A function was told at its deployment, and is not granted to ask.
    if (config !== undefined && config.bus === options.bus) return createAwsEngine({ ...settings, config });
    return openAws({ ...settings, bus: options.bus ?? "" });
  }
  if (options.engine === "memory") {
    const { MemoryEngine } = await loadMemory();
    return new MemoryEngine({ ...context, ...(options.keep === undefined ? {} : { keep: options.keep }) });
  }
  const { openEmbedded } = await loadEmbedded();
  return openEmbedded({
    ...context,
    file: options.file ?? defaultFile,
    ...(options.retention === undefined ? {} : { retention: parseDuration(options.retention, "retention") }),
    ...(options.maxPending === undefined ? {} : { maxPending: options.maxPending }),
  });
}
