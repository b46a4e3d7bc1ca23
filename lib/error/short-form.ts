import { withoutPasswords } from "./without-passwords.ts";

const maxLength = 60;
/** Of a URL, so that a password is not cut off from the `@` by which it is known. */
const longestUrl = 2_048;

/** Formats any value in at most 60 characters, for a message, the passwords of URLs masked. Never throws. */
export function shortForm(value: unknown): string {
  try {
    return truncate(format(value));
  } catch {
    return "an object that cannot be read";
  }
}

function format(value: unknown): string {
  switch (typeof value) {
    case "string":
      // The string is truncated first, so that a message does not pay for quoting a megabyte.
      return JSON.stringify(withoutPasswords(value.slice(0, longestUrl)).slice(0, maxLength));
    case "bigint":
      return `${value}n`;
    case "symbol":
      return "a symbol";
    case "function":
      return value.name === "" ? "a function" : `function ${value.name}`;
    case "object":
      return value === null ? "null" : formatObject(value);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

function formatObject(value: object): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid Date" : `Date ${value.toISOString()}`;
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `an array of ${value.length}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const name: unknown = value.constructor?.name;
  if (typeof name === "string" && name !== "" && name !== "Object") return `an instance of ${name}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? "{}" : `{ ${keys.slice(0, 6).join(", ")}${keys.length > 6 ? ", …" : ""} }`;
}

/** Truncates without splitting a surrogate pair. */
function truncate(text: string): string {
  if (text.length <= maxLength) return text;
  return `${text
    .slice(0, maxLength - 1)
    .toWellFormed()
    .replace(/\uFFFD$/u, "")}…`;
}
