import { type BusConfig, functionVariables, parseBusConfig } from "../aws-shared/index.ts";
import { BusError } from "../error/bus-error.ts";
import { nearest } from "../event/nearest.ts";
import { type ConnectOptions, checkOptions } from "./options.ts";

/** Which environment variable sets which option. */
const variables = {
  WAGGLE_ENGINE: "engine",
  WAGGLE_FILE: "file",
  WAGGLE_BUS: "bus",
  WAGGLE_SOURCE: "source",
  WAGGLE_RETENTION: "retention",
  WAGGLE_GRACE: "grace",
  WAGGLE_LOG_LEVEL: "logLevel",
} as const;

/** Set by a construct for the code of its function, and read there. */
const others: readonly string[] = Object.values(functionVariables);

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The bus of the Lambda function that this process is, as it was deployed; undefined in any other. `invalid_config`. */
export function functionBusConfig(env: Environment): BusConfig | undefined {
  const json = env[functionVariables.bus];
  if (json === undefined || json === "") return undefined;
  return parseBusConfig(json, `environment variable ${functionVariables.bus}`);
}

/**
 * Options from the environment; in a Lambda function of ours the engine is `aws`, and the bus the function's, where nothing
 * else is said. A `WAGGLE_` variable that is nearly one of ours is refused, since it would do nothing.
 */
export function environmentOptions(env: Environment): ConnectOptions {
  const options: Record<string, string> = {};
  const known = Object.keys(variables);
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith("WAGGLE_") || value === undefined || value === "" || others.includes(variable)) continue;
    const option = Object.entries(variables).find(([name]) => name === variable)?.[1];
    const close = nearest(variable, known);
    if (option !== undefined) options[option] = value;
    else if (close !== undefined) {
      throw new BusError("invalid_config", `environment: there is no variable ${variable}; did you mean "${close}"?`);
    }
  }
  const { engine = "aws" } = options;
  const ownBus = engine === "aws" && options.bus === undefined ? functionBusConfig(env)?.bus : undefined;
  if (ownBus !== undefined) Object.assign(options, { engine, bus: ownBus });
  const variableOf = (option: string) => Object.entries(variables).find(([, name]) => name === option)?.[0] ?? option;
  checkOptions(options, "environment", variableOf);
  return options;
}
