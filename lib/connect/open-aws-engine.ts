import type { Engine, EngineContext } from "../engine/engine.ts";
import { type Duration, parseDuration } from "../event/duration.ts";
import { functionBusConfig } from "./environment.ts";
import type { AwsEngines } from "./provided-bus.ts";

/** Opens the aws engine on a bus, from the engine's own module, however that was loaded. */
export async function openAwsEngine(
  { createAwsEngine, openAws }: AwsEngines,
  { bus, lease }: { readonly bus: string; readonly lease?: Duration | undefined },
  context: EngineContext,
): Promise<Engine> {
  const settings = { ...context, ...(lease === undefined ? {} : { leaseMs: parseDuration(lease, "lease") }) };
  const config = functionBusConfig(process.env);
  // A Lambda function has its bus's configuration from its deployment, and no permission to read the parameter.
  if (config !== undefined && config.bus === bus) return createAwsEngine({ ...settings, config });
  return openAws({ ...settings, bus });
}
