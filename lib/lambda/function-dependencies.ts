import type { AwsDependencies } from "../engines/aws/dependencies.ts";
import type { BusError } from "../error/bus-error.ts";
import type { Catalog } from "../event/catalog.ts";
import { createIds } from "../event/id.ts";
import { jsonLogger } from "../runtime/logger.ts";
import { functionBus, functionLogLevel } from "./environment.ts";
import type { FunctionRuntime } from "./function-runtime.ts";

/** Of an error's details, those that name things. The others, its message and its stack may hold data. */
const names: readonly string[] = [
  "subscription",
  "eventId",
  "deadLetterId",
  "type",
  "path",
  "queue",
  "status",
  "awsError",
  "timeoutMs",
  "stuck",
];

/** What may be logged of an error: its code, and what it is about. */
export function errorFields(error: BusError): Record<string, unknown> {
  const { code, retryable, details } = error;
  return {
    code,
    retryable,
    ...Object.fromEntries(names.filter((name) => name in details).map((name) => [name, details[name]])),
  };
}

/** What the functions of a process work with. `invalid_config` where the environment does not name the bus. */
export async function functionDependencies(
  runtime: FunctionRuntime,
  catalog: Catalog | undefined,
): Promise<AwsDependencies> {
  const { env, clock, random, write } = runtime;
  const config = functionBus(env);
  const logger = jsonLogger(write, functionLogLevel(env));
  return {
    config,
    clients: runtime.clients(),
    catalog: catalog ?? (await standard()),
    clock,
    random,
    nextId: createIds({ now: clock.now }),
    logger,
    onError: (error) => logger.error("something failed that no caller sees", errorFields(error)),
  };
}

/** Its hundred schemas are made only where they are used. */
async function standard(): Promise<Catalog> {
  const { standardCatalog } = await import("../catalog/index.ts");
  return standardCatalog;
}
