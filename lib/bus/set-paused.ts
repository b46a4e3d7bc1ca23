import type { Engine } from "../engine/engine.ts";
import { noSubscription } from "../engine/errors.ts";
import { BusError } from "../error/bus-error.ts";
import { parseId } from "../runtime/call-fields.ts";
import type { Logger } from "../runtime/logger.ts";

/** See {@link Subscriptions.pause} and {@link Subscriptions.resume}. */
export async function setPaused(
  { name: engine, subscriptions }: Pick<Engine, "name" | "subscriptions">,
  logger: Logger,
  given: unknown,
  paused: boolean,
): Promise<boolean> {
  const call = paused ? "pause" : "resume";
  const name = parseId(`subscriptions.${call}`, "the name", given);
  if (subscriptions.setPaused === undefined) {
    throw new BusError(
      "invalid_config",
      `subscriptions.${call}: the ${engine} engine cannot ${call} a subscription for all processes; ` +
        "use `pause` and `resume` of the subscriber in each process, or of a deployed function its event source mapping",
      { details: { subscription: name } },
    );
  }
  const changed = await subscriptions.setPaused(name, paused);
  if (changed === undefined) throw noSubscription(name);
  if (changed)
    logger.info(`a subscription was ${paused ? "paused" : "resumed"} for all processes`, { subscription: name });
  return changed;
}
