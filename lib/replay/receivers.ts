import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { didYouMean } from "../event/nearest.ts";

/** The subscriptions that `to` means, of those there are. `invalid_config`, `not_found`. */
export function receivers(to: string, names: readonly string[]): readonly string[] {
  if (typeof to !== "string") {
    throw new BusError(
      "invalid_config",
      `replay: to ${mustBe('the name of a subscription, or "*" for all that match', to)}`,
    );
  }
  if (to === "*") return names;
  if (names.includes(to)) return [to];
  const fix = didYouMean(
    to,
    names,
    names.length === 0 ? "there are none" : `the subscriptions are ${names.join(", ")}`,
  );
  throw new BusError("not_found", `replay: there is no subscription ${to}${fix}`);
}
