import {
  type BusConfig,
  type DeployedSubscription,
  functionVariables,
  parseBusConfig,
  parseDeployedSubscription,
} from "../aws-shared/index.ts";
import type { Environment } from "../connect/environment.ts";
import { BusError } from "../error/bus-error.ts";
import type { LogLevel } from "../runtime/logger.ts";

/** The bus that a function belongs to. `invalid_config` where its stack has not said. */
export function functionBus(env: Environment): BusConfig {
  return parseBusConfig(variable(env, functionVariables.bus), `environment variable ${functionVariables.bus}`);
}

/** The subscription that a function handles. `invalid_config` where its stack has not said. */
export function functionSubscription(env: Environment): DeployedSubscription {
  const name = functionVariables.subscription;
  return parseDeployedSubscription(variable(env, name), `environment variable ${name}`);
}

/** The table of the outbox that a function relays. `invalid_config` where its stack has not said. */
export function functionOutbox(env: Environment): string {
  return variable(env, functionVariables.outboxTable);
}

function variable(env: Environment, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== "") return value;
  throw new BusError(
    "invalid_config",
    `environment variable ${name} is missing; deploy the function with the constructs of wagglebus/cdk, which set it`,
  );
}

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** How much a function logs: `WAGGLE_LOG_LEVEL`, else the level that is set on the function itself, else `info`. */
export function functionLogLevel(env: Environment): LogLevel {
  const wanted = (env.WAGGLE_LOG_LEVEL ?? env.AWS_LAMBDA_LOG_LEVEL ?? "").toLowerCase();
  return levels.find((level) => level === wanted) ?? "info";
}
