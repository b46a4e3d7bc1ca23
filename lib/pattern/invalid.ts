import { BusError } from "../error/bus-error.ts";
import { mustBe } from "../error/must-be.ts";
import { shortForm } from "../error/short-form.ts";

/** Throws `invalid_pattern` for a problem at a position such as `pattern.data.kind[0]`. */
export function invalid(position: string, problem: string): never {
  throw new BusError("invalid_pattern", `${position}: ${problem}`, { details: { position } });
}

/** Throws `invalid_pattern` for a value that must be what `expected` says. */
export function invalidValue(position: string, expected: string, value: unknown): never {
  invalid(position, mustBe(expected, value));
}

/** What reading a caller's pattern gives. Its getters and proxies may throw anything: that becomes `invalid_pattern`. */
export function readPlain<Result>(position: string, read: () => Result): Result {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof BusError) throw thrown;
    return invalid(position, `cannot be read: ${shortForm(thrown)}; use plain data`);
  }
}

/** Returns the position of a field or element below another position. */
export function below(position: string, step: string | number): string {
  if (typeof step === "number") return `${position}[${step}]`;
  return /^[\w$-]+$/.test(step) ? `${position}.${step}` : `${position}[${JSON.stringify(step)}]`;
}
