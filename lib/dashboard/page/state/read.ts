import { isObject } from "../../../browser/requests.ts";
import { BusError } from "../../../error/bus-error.ts";

/**
 * An answer that has what the page reads of it. The server has made it by its schema; here it is made sure that this is such a server, and not a
 * proxy's page or an older one.
 */
export function shapeOf<Shape extends object>(value: unknown, ...names: readonly (keyof Shape & string)[]): Shape {
  if (hasNames<Shape>(value, names)) return value;
  throw new BusError(
    "unavailable",
    "the server answered with something else than this page asked for; reload the page",
    {
      retryable: false,
    },
  );
}

/** The same for each item of a list. */
export function listOf<Shape extends object>(value: unknown, ...names: readonly (keyof Shape & string)[]): Shape[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.map((item) => shapeOf<Shape>(item, ...names));
}

function hasNames<Shape>(value: unknown, names: readonly string[]): value is Shape {
  return isObject(value) && names.every((name) => Object.hasOwn(value, name));
}
