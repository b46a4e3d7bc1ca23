import { BusError } from "../error/bus-error.ts";

/** Refuses a pattern: where, what is there, and what to write instead. */
export function invalid(place: string, problem: string, fix: string): never {
  throw new BusError("invalid_pattern", `${place}: ${problem}; ${fix}`, { details: { place } });
}

/** The place of a field or element below another place. */
export function below(place: string, step: string | number): string {
  if (typeof step === "number") return `${place}[${step}]`;
  return /^[\w$-]+$/.test(step) ? `${place}.${step}` : `${place}[${JSON.stringify(step)}]`;
}
