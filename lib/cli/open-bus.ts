import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import type { Bus } from "../bus/bus.ts";
import type { ConnectOptions, EngineName } from "../connect/index.ts";
import { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import { didYouMean } from "../event/nearest.ts";
import type { Logger } from "../runtime/logger.ts";
import type { GlobalOptions } from "./command.ts";
import { resolveToThisPackage } from "./dev/resolve-to-this-package.ts";
import type { CliIo } from "./io.ts";
import { printable } from "./output/text.ts";

/** The events of any catalog: the command knows its types only at run time. */
export type AnyEvents = Record<string, unknown>;

/** The resolved options of the selected bus: from the command line, configuration, environment and defaults. */
export type BusOptions = ConnectOptions<AnyEvents> & {
  engine: NonNullable<ConnectOptions["engine"]>;
  catalog: Catalog<AnyEvents>;
};

/** How a bus is selected on the command line. */
export type BusSelection = Omit<GlobalOptions, "json">;

/** What a command knows of the bus that it is about. */
export interface BusResolution {
  /** Default: by the options of the command. */
  readonly selection?: BusSelection;
  /** The engine that `--url` stands for where the command is about one engine, and `--engine` is not given. */
  readonly engineOfUrl?: EngineName;
}

/** Resolves the options of the bus without opening it. Rejects with `invalid_config`. */
export async function resolveBusOptions(
  io: CliIo,
  command: Command,
  { selection = command.optsWithGlobals<GlobalOptions>(), engineOfUrl }: BusResolution = {},
): Promise<BusOptions> {
  // A catalog in waggle.config.ts must be created by the copy of the package that reads it.
  resolveToThisPackage();
  const { file, bus, url, store, config, ...given } = selection;
  const engine = given.engine ?? (url === undefined ? undefined : engineOfUrl);
  const { defaultFile, engineNames, resolveOptions } = await import("../connect/index.ts");
  const options = await resolveOptions<AnyEvents>(
    {
      ...(engine === undefined ? {} : { engine: checkEngine(engine, engineNames, command) }),
      ...(bus === undefined ? {} : { bus }),
      ...(url === undefined ? {} : { url }),
      ...(store === undefined ? {} : { store }),
      ...(file === undefined ? {} : { file: resolve(io.cwd, file) }),
    },
    { cwd: io.cwd, env: io.env, ...(config === undefined ? {} : { config }) },
  );
  const catalog = options.catalog ?? (await import("../catalog/index.ts")).standardCatalog;
  const { engine: named = "embedded" } = options;
  if (named !== "embedded") return { ...options, catalog, engine: named };
  return { ...options, catalog, engine: "embedded", file: resolve(io.cwd, options.file ?? defaultFile) };
}

function checkEngine(name: string, engines: readonly EngineName[], command: Command): EngineName {
  const known = engines.find((engine) => engine === name);
  if (known !== undefined) return known;
  const fix = didYouMean(name, engines, `the engines are ${engines.join(", ")}`);
  return command.error(`error: unknown engine '${name}'${fix}`);
}

/** How a command opens the bus. */
export interface OpenOptions {
  /** Creates the database if it does not exist. Without it a missing database is an error. */
  create?: boolean;
  /** Also creates it, and prints a note that nothing is recorded yet. */
  waits?: boolean;
  /** The source of events that have none. */
  source?: string;
}

/** Opens the selected bus, and closes it when `use` has ended, whatever its outcome. */
export async function withBus<Result>(
  io: CliIo,
  command: Command,
  open: OpenOptions,
  use: (bus: Bus<AnyEvents>, options: BusOptions) => Promise<Result>,
): Promise<Result> {
  const options = await resolveBusOptions(io, command);
  if (open.create !== true && options.file !== undefined && !existsSync(options.file)) {
    if (open.waits !== true) throw nothingRecorded(io, options.file);
    io.stderr.write(io.stderr.colors.dim(`nothing is recorded yet in ${shortPath(io, options.file)}\n`));
  }
  if (options.engine === "memory") {
    io.stderr.write("note: the memory engine keeps events only while this command runs\n");
  }
  const { openBus } = await import("../connect/index.ts");
  const bus = await openBus<AnyEvents>({
    ...(open.source === undefined ? {} : { source: open.source }),
    ...(io.stderr.isTTY ? { logger: terminalLogger(io) } : {}),
    ...options,
  });
  try {
    return await use(bus, options);
  } finally {
    await bus.close();
  }
}

/** The error for a database that does not exist. */
export function nothingRecorded(io: CliIo, file: string): BusError {
  return new BusError(
    "not_found",
    `nothing is recorded yet: ${shortPath(io, file)} does not exist; publish an event first (waggle publish), ` +
      "or select another database with --file",
    { details: { file } },
  );
}

/** Returns a path for display: relative to the working directory if the file is inside it. */
export function shortPath({ cwd }: Pick<CliIo, "cwd">, file: string): string {
  const fromHere = relative(cwd, file);
  return fromHere.startsWith("..") ? file : fromHere;
}

/** Creates a logger for a person at a terminal; programs get the bus's own JSON lines. */
export function terminalLogger(io: CliIo): Logger {
  const { yellow, red } = io.stderr.colors;
  const write = (label: string) => (message: string) => io.stderr.write(`${label} ${printable(message)}\n`);
  return { debug: () => {}, info: () => {}, warn: write(yellow("warning:")), error: write(red("error:")) };
}
