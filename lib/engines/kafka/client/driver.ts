import { BusError } from "../../../error/bus-error.ts";

/** The client library. */
export type Driver = typeof import("@platformatic/kafka");

/** Loads the client library. `invalid_config` where it is not installed. */
export async function loadDriver(): Promise<Driver> {
  try {
    return await import("@platformatic/kafka");
  } catch (thrown) {
    throw new BusError(
      "invalid_config",
      `engine "kafka" needs the package @platformatic/kafka, and Node 22.22 or later; run: npm install @platformatic/kafka`,
      { cause: thrown },
    );
  }
}
