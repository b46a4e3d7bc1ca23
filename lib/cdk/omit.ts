import type { Construct } from "constructs";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";

/** Parts that can be omitted if a cloud or an emulator does not support them. */
export const omittable = [
  "archive",
  "bus-policy",
  "dashboard",
  "composite-alarm",
  "metric-math",
  "auto-delete",
] as const;

/** One of {@link omittable}. */
export type Omittable = (typeof omittable)[number];

/** Returns the parts that the context `omit` (`-c omit=archive,dashboard`) names. Throws `invalid_config`. */
export function omitted(scope: Construct): ReadonlySet<Omittable> {
  const given: unknown = scope.node.tryGetContext("omit");
  if (given === undefined || given === "") return new Set();
  const names: unknown[] = typeof given === "string" ? given.split(",") : Array.isArray(given) ? given : [given];
  return new Set(names.map(omittableName));
}

function omittableName(name: unknown): Omittable {
  const known = omittable.find((one) => one === (typeof name === "string" ? name.trim() : name));
  if (known !== undefined) return known;
  throw new BusError("invalid_config", `context omit ${mustBe(`one or more of ${omittable.join(", ")}`, name)}`);
}
