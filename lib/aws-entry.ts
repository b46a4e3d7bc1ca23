// The public entry `wagglebus/aws`: the aws engine for a program that a bundler puts into one piece. Where the package is
// installed, `connect({ engine: "aws" })` loads the engine by itself.
import { checkCombination, checkEngineOptions } from "./connect/engine-options.ts";
import { openAwsEngine } from "./connect/open-aws-engine.ts";
import type { EngineFactory } from "./engine/engine.ts";
import { createAwsEngine, openAws } from "./engines/aws/index.ts";
import type { Duration } from "./event/duration.ts";

/** Options of {@link awsEngine}: those of `connect` that are for the aws engine. */
export interface AwsEngineOptions {
  /**
   * The name of the deployed bus; the engine finds everything else by it. Or the ARN of a bus of another account that lets
   * this one publish: see docs/aws/cross-account.md.
   */
  readonly bus: string;
  /**
   * How long a delivery stays with a process that no longer renews it, because it ended or hangs; 1 s to 12 h, default 30 s.
   */
  readonly lease?: Duration;
}

/**
 * Returns the aws engine, for a bundled program: `connect({ engine: awsEngine({ bus: "agents" }) })` is
 * `connect({ engine: "aws", bus: "agents" })`, and has the bundler include the engine and the AWS SDK, which it otherwise
 * leaves out. `invalid_config`.
 */
export function awsEngine({ bus, lease }: AwsEngineOptions): EngineFactory {
  const options = { engine: "aws", bus, ...(lease === undefined ? {} : { lease }) } as const;
  checkEngineOptions(options, "awsEngine", (option) => option);
  checkCombination(options);
  return (context) => openAwsEngine({ createAwsEngine, openAws }, options, context);
}
