import { BusError } from "../error/bus-error.ts";
import { providedAws } from "./provided-bus.ts";

// Engines are loaded when they are used: `node:sqlite` is not there in every Node, nor the SDK, and both cost start-up time.
//
// A Lambda function has its one bus from its environment, so that it never chooses. In the bundle each of these import()s would
// keep all of its engine, and in a bundle of one file load it at the start. So the construct that bundles a function sets
// `process.env.WAGGLE_BUNDLE` to "function" in its text, and each of these conditions, written out for that, leaves the
// import() out. Without the construct it works all the same, only slower.

/** The aws engine. `invalid_config` where one of its packages is missing. */
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

/** The memory engine. */
export async function loadMemory(): Promise<typeof import("../engines/memory/index.ts")> {
  return process.env.WAGGLE_BUNDLE === "function" ? notInFunctions("memory") : import("../engines/memory/index.ts");
}

/** The embedded engine. `unavailable` where this Node has no SQLite. */
export async function loadEmbedded(): Promise<typeof import("../engines/embedded/index.ts")> {
  try {
    return await (process.env.WAGGLE_BUNDLE === "function"
      ? notInFunctions("embedded")
      : import("../engines/embedded/index.ts"));
  } catch (thrown) {
    if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ERR_UNKNOWN_BUILTIN_MODULE")) throw thrown;
    throw new BusError(
      "unavailable",
      `this Node (${process.version}) has no node:sqlite, which the embedded engine stores with; use Node 22.18 or later, or engine "memory"`,
      { cause: thrown, retryable: false },
    );
  }
}

function notInFunctions(engine: string): never {
  throw new BusError(
    "invalid_config",
    `engine "${engine}" is not in the bundle of this Lambda function; a function has the bus that it was deployed with: leave \`engine\` out`,
  );
}
