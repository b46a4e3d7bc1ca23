import { BusError } from "../error/bus-error.ts";
import { loadSqliteQuietly } from "./load-sqlite.ts";
import { type AwsEngines, providedAws } from "./provided-bus.ts";

// An engine is loaded on first use: `node:sqlite` and the SDK are not available everywhere, and both take time to load.
//
// A Lambda function takes its bus from its environment and never selects an engine. In a bundle, each of these import()s would
// keep a whole engine, and a bundle of one file would load it at start-up. So the construct that bundles a function defines
// `process.env.WAGGLE_BUNDLE` as "function", and the bundler removes the import() behind each of these literal conditions.
// Without the construct everything works, only slower.

/**
 * The module of the aws engine, from this one and from the build's `lib/chunks` alike. Bundlers do not follow a name that is
 * computed: one that builds a program on another engine meets no AWS package. A bundled program on aws takes the engine from
 * `wagglebus/aws`, and a function brings its own.
 */
const awsModule = "../engines/aws/index";

/** Loads the aws engine. Rejects with `invalid_config` if one of its packages is missing, or it is not in a bundle. */
export async function loadAws(): Promise<AwsEngines> {
  const provided = providedAws();
  if (provided !== undefined) return provided;
  if (process.env.WAGGLE_BUNDLE === "function") return notInFunctions("aws");
  try {
    return await importUnbundled(`${awsModule}.${runsFromSource() ? "ts" : "js"}`);
  } catch (thrown) {
    const { missingPackage } = await import("../engines/aws/missing-package.ts");
    throw missingPackage(thrown) ?? notInBundle(thrown) ?? thrown;
  }
}

/** A bundle may be CommonJS, where `import.meta.url` is undefined. */
function runsFromSource(): boolean {
  return String(import.meta.url).endsWith(".ts");
}

/** Imports a module that bundlers leave where it is. */
function importUnbundled(path: string) {
  return import(/* webpackIgnore: true */ /* @vite-ignore */ path);
}

/** Loads the memory engine. */
export async function loadMemory(): Promise<typeof import("../engines/memory/index.ts")> {
  return process.env.WAGGLE_BUNDLE === "function" ? notInFunctions("memory") : import("../engines/memory/index.ts");
}

/** Loads the postgres engine, which loads `pg` by itself. */
export async function loadPostgres(): Promise<typeof import("../engines/postgres/index.ts")> {
  return process.env.WAGGLE_BUNDLE === "function" ? notInFunctions("postgres") : import("../engines/postgres/index.ts");
}

/** Loads the kafka engine, which loads its client library by itself. */
export async function loadKafka(): Promise<typeof import("../engines/kafka/index.ts")> {
  return process.env.WAGGLE_BUNDLE === "function" ? notInFunctions("kafka") : import("../engines/kafka/index.ts");
}

/** Loads the http engine. */
export async function loadHttp(): Promise<typeof import("../engines/http/index.ts")> {
  return process.env.WAGGLE_BUNDLE === "function" ? notInFunctions("http") : import("../engines/http/index.ts");
}

/** Loads the embedded engine. Rejects with `unavailable` if this Node has no SQLite. */
export async function loadEmbedded(): Promise<typeof import("../engines/embedded/index.ts")> {
  try {
    if (process.env.WAGGLE_BUNDLE !== "function") {
      loadSqliteQuietly();
      return await import("../engines/embedded/index.ts");
    }
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ERR_UNKNOWN_BUILTIN_MODULE")) throw thrown;
    throw new BusError(
      "unavailable",
      `the embedded engine needs node:sqlite, which this Node (${process.version}) does not have; use Node 22.18 or later, or engine "memory"`,
      { cause: thrown, retryable: false },
    );
  }
  return notInFunctions("embedded");
}

function notInBundle(thrown: unknown): BusError | undefined {
  if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ERR_MODULE_NOT_FOUND")) return undefined;
  return new BusError(
    "invalid_config",
    'engine "aws" is not in this bundle; use connect({ engine: awsEngine({ bus }) }) with awsEngine of "wagglebus/aws", or leave wagglebus out of the bundle',
    { cause: thrown },
  );
}

function notInFunctions(engine: string): never {
  throw new BusError(
    "invalid_config",
    `engine "${engine}" is not in the bundle of this Lambda function, which uses the bus that it was deployed with; omit \`engine\``,
  );
}
