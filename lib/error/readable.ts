import { BusError } from "./bus-error.ts";
import { shortForm } from "./short-form.ts";

/** What reading a caller's value gives. Its getters and proxies may throw anything: that becomes `invalid_config`. */
export function readable<Result>(what: string, read: () => Result): Result {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof BusError) throw thrown;
    throw new BusError("invalid_config", `${what} cannot be read: ${shortForm(thrown)}; use plain data`, {
      cause: thrown,
    });
  }
}
