import { BusError } from "../../error/bus-error.ts";
import { mustBe } from "../../error/must-be.ts";

/** The value of an option, which JavaScript programs may misspell. Throws `invalid_config`. */
export function oneOf<const Value>(name: string, value: Value, values: readonly Value[]): Value {
  if (values.includes(value)) return value;
  throw new BusError("invalid_config", `tracing: ${name} ${mustBe(`one of ${values.join(", ")}`, value)}`);
}
