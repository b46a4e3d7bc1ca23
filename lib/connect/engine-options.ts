import { busNameProblem } from "../aws-shared/index.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { parseDuration } from "../event/duration.ts";
import type { ConnectOptions, EngineName } from "./options.ts";

type OptionName = keyof ConnectOptions;

/** Options that were parsed one by one. */
type Parsed = { readonly [Name in OptionName]?: unknown } & {
  readonly engine?: ConnectOptions["engine"] | ((...values: never[]) => unknown);
  readonly bus?: string | undefined;
};

/** The options that say something to one engine only, and that another one refuses. */
const unsupported: Readonly<Record<EngineName, readonly OptionName[]>> = {
  memory: ["file", "bus", "lease"],
  embedded: ["bus", "lease"],
  aws: ["file", "retention", "maxPending", "keep"],
};

/** None of them is for an engine of the caller's own, which its factory was told all about. */
function unsupportedBy(engine: Parsed["engine"]): readonly OptionName[] {
  if (typeof engine === "function") return ["file", "bus", "lease", "retention", "maxPending", "keep"];
  return engine === undefined ? [] : unsupported[engine];
}

function nameOfEngine(engine: Parsed["engine"]): string {
  return typeof engine === "function" ? "an engine of your own" : `engine "${engine}"`;
}

/** Whose each of them is. */
const meantFor: Readonly<Partial<Record<OptionName, EngineName>>> = {
  file: "embedded",
  retention: "embedded",
  maxPending: "embedded",
  keep: "memory",
  bus: "aws",
  lease: "aws",
};

/** Milliseconds that a lease may have. SQS knows whole seconds; a day is more than anything holds still. */
const lease = { min: 1_000, max: 43_200_000 };

/** Refuses what the engine that was named in the same place would not look at. `invalid_config`. */
export function checkEngineOptions(options: Parsed, from: string, nameOf: (option: string) => string): void {
  const { bus, engine } = options;
  const problem = bus === undefined ? undefined : busNameProblem(bus);
  if (problem !== undefined)
    throw new BusError("invalid_config", `${from}: ${nameOf("bus")} is ${shortForm(bus)}, which ${problem}`);
  if (options.lease !== undefined) parseDuration(options.lease, `${from}: ${nameOf("lease")}`, lease);
  const unsupportedOption = unsupportedBy(engine).find((option) => options[option] !== undefined);
  if (unsupportedOption === undefined) return;
  const why =
    engine === "aws" && unsupportedOption === "retention" ? ", whose stack says how long history is kept" : "";
  throw new BusError(
    "invalid_config",
    `${from}: ${nameOf(unsupportedOption)} is for the ${meantFor[unsupportedOption]} engine; leave it out with ${nameOfEngine(engine)}${why}`,
  );
}

/**
 * Checks what all places together say: an engine that needs a bus has one, and a bus has its engine. `invalid_config`.
 */
export function checkWhole({ bus, engine }: ConnectOptions): void {
  if (engine === "aws" && bus === undefined) {
    throw new BusError(
      "invalid_config",
      'connect: engine is "aws" and no bus is named; give `bus`, WAGGLE_BUS or --bus, the name that was deployed',
    );
  }
  if (engine === undefined && bus !== undefined) {
    throw new BusError(
      "invalid_config",
      `connect: bus is ${shortForm(bus)} and no engine is named; give engine "aws", WAGGLE_ENGINE=aws or --engine aws`,
    );
  }
}

/** Without what was said elsewhere for another engine: that is no mistake of one who asks for this one here. */
export function withoutUnsupported(merged: ConnectOptions, given: ConnectOptions): ConnectOptions {
  const dropped: readonly string[] = unsupportedBy(merged.engine).filter((option) => given[option] === undefined);
  return Object.fromEntries(Object.entries(merged).filter(([name]) => !dropped.includes(name)));
}
