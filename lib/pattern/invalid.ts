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

/** A value in short, for a message. */
export function show(value: unknown): string {
  if (typeof value === "string") return shorten(JSON.stringify(value));
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "object" && value !== null)
    return Object.keys(value).length === 0 ? "an empty object" : "an object";
  return shorten(String(value));
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
