const longest = 60;

/** Any value in at most 60 characters, for a message. Never throws. */
export function shortForm(value: unknown): string {
  try {
    return cut(form(value));
  } catch {
    return "an object that cannot be read";
  }
}

function form(value: unknown): string {
  switch (typeof value) {
    case "string":
      // Cut first: a message must not pay for quoting a megabyte.
      return value.length <= longest ? JSON.stringify(value) : JSON.stringify(value.slice(0, longest));
    case "bigint":
      return `${value}n`;
    case "symbol":
      return "a symbol";
    case "function":
      return value.name === "" ? "a function" : `function ${value.name}`;
    case "object":
      return value === null ? "null" : objectForm(value);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

function objectForm(value: object): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid Date" : `Date ${value.toISOString()}`;
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `an array of ${value.length}`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const name: unknown = value.constructor?.name;
  if (typeof name === "string" && name !== "" && name !== "Object") return `an instance of ${name}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? "{}" : `{ ${keys.slice(0, 6).join(", ")}${keys.length > 6 ? ", …" : ""} }`;
}

/** Cuts without halving a surrogate pair. */
function cut(text: string): string {
  if (text.length <= longest) return text;
  return `${text
    .slice(0, longest - 1)
    .toWellFormed()
    .replace(/\uFFFD$/u, "")}…`;
}
