import { functionVariables } from "../aws/index.ts";
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

/** Options from the environment. A `WAGGLE_` variable that is nearly one of ours is refused, since it would do nothing. */
export function environmentOptions(env: Readonly<Record<string, string | undefined>>): ConnectOptions {
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
  const variableOf = (option: string) => Object.entries(variables).find(([, name]) => name === option)?.[0] ?? option;
  checkOptions(options, "environment", variableOf);
  return options;
}
