import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { Json } from "./json.ts";
import { formatPath } from "./path.ts";

/** The deepest nesting that every engine supports; an object or array is one level. */
export const maxDepth = 1_000;

/** A number takes at most 25 bytes as JSON: `-1.2345678901234567e-300` and a comma. Its exact length is not computed. */
const numberBytes = 25;
/** A UTF-16 unit takes at most 6 bytes as JSON: `\u001b`. */
const unitBytes = 6;
/** The ancestors are searched for a cycle every 64 levels, so that a cycle is found long before the maximum depth. */
const cycleStride = 64;

/**
 * Validates a value as JSON and returns a deeply frozen copy, in one pass.
 *
 * As in JSON, a property whose value is `undefined` is omitted and -0 becomes 0. Only own enumerable properties with string
 * keys are read. Throws `invalid_event` with the path, the value and the fix for NaN and infinities, integers of 16 to 21 digits
 * beyond 2^53 - 1, BigInt, functions, symbols, `undefined` and holes in arrays, dates, class instances (Map, Set, Buffer …), the
 * key `__proto__`, strings and keys with a lone surrogate, cycles, nesting over 1,000 levels, and getters that throw.
 * `path` is the name of the value in messages.
 */
export function copyJson(value: unknown, path = "data"): Json {
  return new JsonCopier(path).copy(value);
}

/** A single-use {@link copyJson} that also bounds the size of the copy. */
export class JsonCopier {
  /**
   * An upper bound on the bytes of the copy as JSON in UTF-8, at most 25 times the true size. A caller with a size limit
   * measures the exact size only if this bound exceeds the limit.
   */
  bytesAtMost = 0;
  readonly #root: string;
  readonly #stopAt: number;
  /** The keys of the containers on the way to the current value, outermost first, and those containers. */
  readonly #keys: (string | number)[] = [];
  readonly #containers: object[] = [];
  #depth = 0;

  /**
   * Throws {@link TooLarge} once the copy certainly exceeds `maxBytes`, so that shared references cannot expand without
   * limit.
   */
  constructor(root: string, maxBytes = Number.POSITIVE_INFINITY) {
    this.#root = root;
    this.#stopAt = maxBytes * numberBytes;
  }

  copy(value: unknown): Json {
    try {
      return this.#copy(value, undefined);
    } catch (thrown) {
      if (thrown instanceof BusError || thrown instanceof TooLarge) throw thrown;
      throw new BusError(
        "invalid_event",
        `${formatPath(this.#root, this.#keys.slice(0, this.#depth))} cannot be read: ${shortForm(thrown)}; use plain data without getters or proxies that throw`,
        { cause: thrown },
      );
    }
  }

  #copy(value: unknown, key: string | number | undefined): Json {
    switch (typeof value) {
      case "string":
        this.bytesAtMost += value.length * unitBytes + 3;
        if (!value.isWellFormed()) this.#refuse(key, value, "it has a lone surrogate", "use `.toWellFormed()`");
        return value;
      case "number":
        this.bytesAtMost += numberBytes;
        // This is false for NaN as well. Beyond 2^53 every number is an integer.
        if (value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER) return value === 0 ? 0 : value;
        return isAsWritten(value) ? value : this.#refuseNumber(key, value);
      case "boolean":
        this.bytesAtMost += 6;
        return value;
      case "object":
        if (value === null) {
          this.bytesAtMost += 5;
          return null;
        }
        return this.#copyContainer(value, key);
      default:
        return this.#refuseKind(key, value);
    }
  }

  #copyContainer(value: object, key: string | number | undefined): Json {
    if (key !== undefined) this.#keys[this.#depth - 1] = key;
    if (this.bytesAtMost > this.#stopAt) throw new TooLarge();
    if (this.#depth === maxDepth || (this.#depth > 0 && this.#depth % cycleStride === 0)) this.#refuseDepth(value);
    this.#containers[this.#depth] = value;
    this.#depth += 1;
    this.bytesAtMost += 3;
    const copy = Array.isArray(value) ? this.#copyArray(value) : this.#copyObject(value);
    this.#depth -= 1;
    return copy;
  }

  #copyArray(values: readonly unknown[]): Json {
    const copy: Json[] = [];
    for (let index = 0; index < values.length; index += 1) copy.push(this.#copy(values[index], index));
    return Object.freeze(copy);
  }

  #copyObject(value: object): Json {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      this.#refuseInstance(value);
    }
    const copy: { [key: string]: Json } = {};
    for (const key of Object.keys(value)) {
      const field = Reflect.get(value, key);
      if (field === undefined) continue;
      if (key === "__proto__") this.#refuse(key, field, "the key __proto__ is not allowed", "rename it");
      if (!key.isWellFormed()) this.#refuse(key, field, "its key has a lone surrogate", "rename it");
      this.bytesAtMost += key.length * unitBytes + 4;
      copy[key] = this.#copy(field, key);
    }
    return Object.freeze(copy);
  }

  #refuseDepth(value: object): void {
    this.#containers[this.#depth] = value;
    const seen = new Set<object>();
    for (const [depth, container] of this.#containers.slice(0, this.#depth + 1).entries()) {
      if (seen.has(container)) {
        const path = formatPath(this.#root, this.#keys.slice(0, depth));
        throw this.#error(path, "refers back to an object that contains it; JSON has no cycles: use an id instead");
      }
      seen.add(container);
    }
    if (this.#depth < maxDepth) return;
    const path = `${formatPath(this.#root, this.#keys.slice(0, 5))}…`;
    throw this.#error(path, `is nested deeper than ${maxDepth} levels; flatten it, or pass it as a string`);
  }

  #refuseInstance(value: object): never {
    if (value instanceof Date) this.#refuseHere(value, "JSON has no dates", "use `.toISOString()`");
    if (value instanceof Map) this.#refuseHere(value, "JSON has no maps", "use `Object.fromEntries(map)`");
    if (value instanceof Set) this.#refuseHere(value, "JSON has no sets", "use `[...set]`");
    this.#refuseHere(value, "JSON holds plain objects only", "use an object literal with its fields");
  }

  #refuseNumber(key: string | number | undefined, value: number): never {
    if (Number.isFinite(value)) {
      this.#refuse(key, value, "it is beyond 2^53 - 1, where integers are not exact", "pass it as a string");
    }
    this.#refuse(key, value, "JSON has no such number", "use null, or remove it");
  }

  #refuseKind(key: string | number | undefined, value: unknown): never {
    if (typeof value === "bigint") this.#refuse(key, value, "JSON has no BigInt", "use a number or a string");
    if (value === undefined) this.#refuse(key, value, "JSON has no undefined", "use null, or remove it");
    this.#refuse(key, value, "JSON cannot hold it", "remove it");
  }

  /** Refuses a value that is not a container: its own key is not yet in `#keys`. */
  #refuse(key: string | number | undefined, value: unknown, problem: string, fix: string): never {
    const keys = this.#keys.slice(0, Math.max(0, this.#depth - 1));
    const path = formatPath(this.#root, key === undefined ? keys : [...keys, key]);
    throw this.#error(path, `is ${shortForm(value)}: ${problem}; ${fix}`);
  }

  #refuseHere(value: unknown, problem: string, fix: string): never {
    const path = formatPath(this.#root, this.#keys.slice(0, this.#depth - 1));
    throw this.#error(path, `is ${shortForm(value)}: ${problem}; ${fix}`);
  }

  #error(path: string, rest: string): BusError {
    return new BusError("invalid_event", `${path} ${rest}`, { details: { path } });
  }
}

/**
 * Whether a number beyond 2^53 is what its author wrote. Of an integer with 16 digits or more the last ones may have been lost on
 * the way, as with ids. One with fewer significant digits (6e18) has lost none, and what JSON writes with an exponent (1e21) is a
 * magnitude.
 */
function isAsWritten(value: number): boolean {
  return Number.isFinite(value) && (Math.abs(value) >= 1e21 || Number(value.toPrecision(15)) === value);
}

/** The copy exceeds its size limit. */
export class TooLarge extends Error {}
