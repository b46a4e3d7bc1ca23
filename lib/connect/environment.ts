import { type BusConfig, parseBusConfig } from "../aws-shared/bus-config.ts";
import { functionVariables } from "../aws-shared/names.ts";
import { BusError } from "../error/bus-error.ts";
import { nearest } from "../event/nearest.ts";
import { type ConnectOptions, checkOptions } from "./options.ts";

/** The environment variables, and the option that each sets. */
const variables = {
  WAGGLE_ENGINE: "engine",
  WAGGLE_FILE: "file",
  WAGGLE_BUS: "bus",
  WAGGLE_URL: "url",
  WAGGLE_STORE: "store",
  WAGGLE_TOKEN: "token",
  WAGGLE_SOURCE: "source",
  WAGGLE_RETENTION: "retention",
  WAGGLE_GRACE: "grace",
  WAGGLE_LOG_LEVEL: "logLevel",
} as const;

/** Variables that a construct sets for the code in its function. */
const functionVariableNames: readonly string[] = Object.values(functionVariables);

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the deployed configuration of a Lambda function's bus, or `undefined` in any other process. Throws
 * `invalid_config`.
 */
export function functionBusConfig(env: Environment): BusConfig | undefined {
  const json = env[functionVariables.bus];
  if (json === undefined || json === "") return undefined;
  return parseBusConfig(json, `environment variable ${functionVariables.bus}`);
}

/**
 * Reads options from the environment. In a Lambda function deployed by Waggle the default engine is `aws` and the default bus
 * is the function's. Throws `invalid_config` for an invalid value, and for a misspelt `WAGGLE_` variable, which would have no
 * effect.
 */
export function environmentOptions(env: Environment): ConnectOptions {
  const options: Record<string, string> = {};
  const known = Object.keys(variables);
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith("WAGGLE_") || functionVariableNames.includes(variable)) continue;
    if (value === undefined || value === "") continue;
    const option = Object.entries(variables).find(([name]) => name === variable)?.[1];
    const suggestion = nearest(variable, known);
    if (option !== undefined) options[option] = value;
    else if (suggestion !== undefined) {
      throw new BusError("invalid_config", `environment: unknown variable ${variable}; did you mean "${suggestion}"?`);
    }
  }
  const { engine = "aws" } = options;
  const functionBus = engine === "aws" && options.bus === undefined ? functionBusConfig(env)?.bus : undefined;
  if (functionBus !== undefined) Object.assign(options, { engine, bus: functionBus });
  const variableOf = (option: string) => Object.entries(variables).find(([, name]) => name === option)?.[0] ?? option;
  checkOptions(options, "environment", variableOf);
  return options;
}
