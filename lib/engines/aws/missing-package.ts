import { BusError } from "../../error/bus-error.ts";
import { messageOf } from "../../error/message-of.ts";

/** Packages that the engine imports as soon as it is loaded. */
const needed = [
  "@aws-sdk/client-eventbridge",
  "@aws-sdk/client-sqs",
  "@aws-sdk/client-dynamodb",
  "@aws-sdk/client-ssm",
] as const;

/**
 * What to say where an `import()` of the engine, or of a client, failed for want of an optional package: `invalid_config`
 * with the line that installs it. Undefined where it failed for another reason.
 */
export function missingPackage(thrown: unknown): BusError | undefined {
  if (!(thrown instanceof Error && "code" in thrown && thrown.code === "ERR_MODULE_NOT_FOUND")) return undefined;
  const name = /package '([^']+)'/.exec(messageOf(thrown))?.[1];
  if (name === undefined) return undefined;
  const install = needed.some((known) => known === name) ? needed : [name];
  return new BusError(
    "invalid_config",
    `the aws engine needs ${name}, which is not installed; run: npm i ${install.join(" ")}`,
    { cause: thrown, details: { package: name } },
  );
}
