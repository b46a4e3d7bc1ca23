import { trackPublish } from "../delivery/track-publish.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";

/** A publish that is refused before the engine sees it. What a caller's getters and proxies throw becomes `invalid_event`. */
export function refusedPublish(thrown: unknown): Promise<never> {
  return trackPublish(Promise.reject(unreadable(thrown)));
}

function unreadable(thrown: unknown): BusError {
  if (thrown instanceof BusError) return thrown;
  return new BusError("invalid_event", `what is published cannot be read: ${shortForm(thrown)}; use plain data`, {
    cause: thrown,
  });
}
