import { type Clock, systemClock } from "../bus/clock.ts";
import type { Environment } from "../connect/environment.ts";
import { createClients } from "../engines/aws/clients.ts";
import type { Clients } from "../engines/aws/parts.ts";

/** What a function takes from its process. */
export interface FunctionHost {
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
export const lambdaHost: FunctionHost = {
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
