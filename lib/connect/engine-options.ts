import { busReferenceProblem } from "../aws-shared/bus-address.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import { parseDuration } from "../event/duration.ts";
import type { ConnectOptions, EngineName } from "./options.ts";

type OptionName = keyof ConnectOptions;

/** Options whose values were validated one by one. */
type Parsed = { readonly [Name in OptionName]?: unknown } & {
  readonly engine?: ConnectOptions["engine"] | ((...values: never[]) => unknown);
  readonly bus?: string | undefined;
};

/** The options of other engines, which each engine refuses. */
const unsupported: Readonly<Record<EngineName, readonly OptionName[]>> = {
  memory: ["file", "bus", "lease", "url", "store", "token", "retention", "maxPending"],
  embedded: ["bus", "lease", "url", "store", "token", "keep"],
  aws: ["file", "url", "store", "token", "retention", "maxPending", "keep"],
  postgres: ["file", "bus", "store", "token", "keep"],
  kafka: ["file", "lease", "token", "keep"],
  http: ["file", "bus", "store", "retention", "maxPending", "keep"],
};

/** An engine of the caller's own takes its options from its factory. */
function unsupportedBy(engine: Parsed["engine"]): readonly OptionName[] {
  if (typeof engine === "function") {
    return ["file", "bus", "lease", "url", "store", "token", "retention", "maxPending", "keep"];
  }
  return engine === undefined ? [] : unsupported[engine];
}

function nameOfEngine(engine: Parsed["engine"]): string {
  return typeof engine === "function" ? "an engine of your own" : `engine "${engine}"`;
}

/** The engines that support each of these options. */
const enginesOf: Readonly<Partial<Record<OptionName, string>>> = {
  file: "the embedded engine",
  retention: "the embedded, postgres and kafka engines",
  maxPending: "the embedded, postgres and kafka engines",
  keep: "the memory engine",
  bus: "aws and kafka",
  url: "postgres, kafka and http",
  store: "the kafka engine",
  lease: "aws, postgres and http",
  token: "the http engine",
};

/** Bounds of a lease in milliseconds: SQS hides a message for whole seconds, at most 12 h. */
const leaseBounds = { min: 1_000, max: 43_200_000 };

/** Throws `invalid_config` for an option that the engine named in the same source does not support. */
export function checkEngineOptions(options: Parsed, from: string, nameOf: (option: string) => string): void {
  const { bus, engine } = options;
  const problem = bus === undefined || engine === "kafka" ? undefined : busReferenceProblem(bus);
  if (problem !== undefined) {
    throw new BusError("invalid_config", `${from}: ${nameOf("bus")} ${problem}`);
  }
  if (options.lease !== undefined) parseDuration(options.lease, `${from}: ${nameOf("lease")}`, leaseBounds);
  const unsupportedOption = unsupportedBy(engine).find((option) => options[option] !== undefined);
  if (unsupportedOption === undefined) return;
  const why =
    engine === "aws" && unsupportedOption === "retention" ? ", whose stack sets the retention of history" : "";
  throw new BusError(
    "invalid_config",
    `${from}: ${nameOf(unsupportedOption)} is for ${enginesOf[unsupportedOption]}; omit it with ${nameOfEngine(engine)}${why}`,
  );
}

/** Throws `invalid_config` if the merged options name an engine without what it is reached by, or that without an engine. */
export function checkCombination({ bus, engine, url }: ConnectOptions): void {
  if (engine === "postgres" && url === undefined) {
    throw new BusError(
      "invalid_config",
      'connect: engine is "postgres", but url is missing; set `url`, WAGGLE_URL or --url, as postgres://user@host/database',
    );
  }
  if (engine === "kafka" && url === undefined) {
    throw new BusError(
      "invalid_config",
      'connect: engine is "kafka", but url is missing; set `url`, WAGGLE_URL or --url to some brokers, as kafka://localhost:9092',
    );
  }
  if (engine === "http" && !isHttpAddress(url)) {
    throw new BusError(
      "invalid_config",
      `connect: engine is "http", but url is ${url === undefined ? "missing" : "not an http address"}; set \`url\`, WAGGLE_URL or --url to the address of the server, such as http://127.0.0.1:4600`,
    );
  }
  if (engine === undefined && url !== undefined) {
    const name = isHttpAddress(url) ? "http" : url.startsWith("kafka:") ? "kafka" : "postgres";
    throw new BusError(
      "invalid_config",
      `connect: url is given, but engine is missing; set engine "${name}", WAGGLE_ENGINE=${name} or --engine ${name}`,
    );
  }
  if (engine === "aws" && bus === undefined) {
    throw new BusError(
      "invalid_config",
      'connect: engine is "aws", but bus is missing; set `bus`, WAGGLE_BUS or --bus to the name of the deployed bus',
    );
  }
  if (engine === undefined && bus !== undefined) {
    throw new BusError(
      "invalid_config",
      `connect: bus is ${shortForm(bus)}, but engine is missing; set engine "aws", WAGGLE_ENGINE=aws or --engine aws`,
    );
  }
}

/** Removes unsupported options that came from another source: a caller who selects an engine here did not set them. */
export function withoutUnsupported(merged: ConnectOptions, given: ConnectOptions): ConnectOptions {
  const dropped: readonly string[] = unsupportedBy(merged.engine).filter((option) => given[option] === undefined);
  return Object.fromEntries(Object.entries(merged).filter(([name]) => !dropped.includes(name)));
}

function isHttpAddress(url: string | undefined): boolean {
  return url !== undefined && /^https?:\/\/[^/]/.test(url) && URL.canParse(url);
}
