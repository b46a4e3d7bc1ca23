import type { Environment } from "../connect/environment.ts";
import { createClients } from "../engines/aws/clients.ts";
import type { Clients } from "../engines/aws/dependencies.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";

/** What a function takes from its process. */
export interface FunctionRuntime {
  readonly env: Environment;
  readonly clock: Clock;
  /** 0 to below 1. */
  readonly random: () => number;
  /** The same ones at each call. */
  readonly clients: () => Clients;
  /** Takes a line of the log. */
  readonly write: (line: string) => void;
}

let clients: Clients | undefined;

/** The process that Lambda runs. Its clients, and their connections, serve all invocations. */
export const lambdaRuntime: FunctionRuntime = {
  env: process.env,
  clock: systemClock,
  random: Math.random,
  clients: () => {
    clients ??= createClients();
    return clients;
  },
  // Not the console: Lambda puts text before its lines, and CloudWatch finds metrics in whole lines of JSON only.
  write: (line) => process.stdout.write(`${line}\n`),
};
