import { BusError } from "../error/bus-error.ts";
import { providedAws } from "./provided-bus.ts";

// An engine is loaded on first use: `node:sqlite` and the SDK are not available everywhere, and both take time to load.
//
// A Lambda function takes its bus from its environment and never selects an engine. In a bundle, each of these import()s would
// keep a whole engine, and a bundle of one file would load it at start-up. So the construct that bundles a function defines
// `process.env.WAGGLE_BUNDLE` as "function", and the bundler removes the import() behind each of these literal conditions.
// Without the construct everything works, only slower.

/** Loads the aws engine. Rejects with `invalid_config` if one of its packages is missing. */
export async function loadAws(): Promise<typeof import("../engines/aws/index.ts")> {
  const provided = providedAws();
  if (provided !== undefined) return provided;
  try {
    return await (process.env.WAGGLE_BUNDLE === "function" ? notInFunctions("aws") : import("../engines/aws/index.ts"));
  } catch (thrown) {
    if (thrown instanceof BusError) throw thrown;
    const { missingPackage } = await import("../engines/aws/missing-package.ts");
    throw missingPackage(thrown) ?? thrown;
  }
}

/** Loads the memory engine. */
export async function loadMemory(): Promise<typeof import("../engines/memory/index.ts")> {
  return process.env.WAGGLE_BUNDLE === "function" ? notInFunctions("memory") : import("../engines/memory/index.ts");
}

/** Loads the embedded engine. Rejects with `unavailable` if this Node has no SQLite. */
export async function loadEmbedded(): Promise<typeof import("../engines/embedded/index.ts")> {
  try {
    return await (process.env.WAGGLE_BUNDLE === "function"
      ? notInFunctions("embedded")
      : import("../engines/embedded/index.ts"));
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ERR_UNKNOWN_BUILTIN_MODULE")) throw thrown;
    throw new BusError(
      "unavailable",
      `the embedded engine needs node:sqlite, which this Node (${process.version}) does not have; use Node 22.18 or later, or engine "memory"`,
      { cause: thrown, retryable: false },
    );
  }
}

function notInFunctions(engine: string): never {
  throw new BusError(
    "invalid_config",
    `engine "${engine}" is not in the bundle of this Lambda function, which uses the bus that it was deployed with; omit \`engine\``,
  );
}
