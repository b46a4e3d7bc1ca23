import { createHash } from "node:crypto";
import { type RunContext, runContext } from "../delivery/run-context.ts";
import { BusError } from "../error/bus-error.ts";

/** The delivery that the caller handles. `invalid_config` outside of a handler, and in a batch, which has several. */
export function thisDelivery(call: string): RunContext {
  const run = runContext.getStore();
  if (run === undefined) throw new BusError("invalid_config", `${call} belongs to a delivery; call it in a handler`);
  if (run.batch !== true) return run;
  throw new BusError(
    "invalid_config",
    `${call} belongs to one delivery, and a batch has several; handle one event at a time`,
  );
}

/** An id that is the same for all attempts at a delivery. */
export function deliveryId(kind: string, parts: readonly (string | number | undefined)[]): string {
  return `${kind}-${createHash("sha256").update(JSON.stringify(parts)).digest("base64url")}`;
}
