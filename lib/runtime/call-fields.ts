import * as z from "zod";
import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { lazy } from "../event/lazy.ts";

/** Correlation ids have at most 512 characters, other ids less. */
const maxIdLength = 512;

/** Schemas of options that several calls have. They are created on first use, since many processes make none of the calls. */
export const callFields = lazy(() => ({
  signal: z.custom<AbortSignal>(isSignal, "must be an AbortSignal").exactOptional(),
  /** Parsed by `parseDuration`, which names what is wrong with it. */
  duration: z.unknown().exactOptional(),
}));

/** An id that was given to a call. Throws `invalid_config` for what cannot be one. */
export function parseId(call: string, what: string, id: unknown): string {
  if (typeof id === "string" && id.length > 0 && id.length <= maxIdLength) return id;
  throw new BusError("invalid_config", `${call}: ${what} ${mustBe(`a string of 1 to ${maxIdLength} characters`, id)}`);
}

function isSignal(value: unknown): boolean {
  try {
    return value instanceof AbortSignal && typeof value.aborted === "boolean";
  } catch {
    return false;
  }
}
