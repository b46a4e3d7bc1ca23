import type { BusConfig } from "../../aws-shared/index.ts";
import type { AwsDependencies } from "./dependencies.ts";

/** What the engine needs whichever way it comes to know its bus. */
export interface AwsSettings
  extends Pick<AwsDependencies, "catalog" | "clock" | "random" | "nextId" | "logger" | "onError"> {
  /**
   * Milliseconds for which a delivery stays with a process that has stopped renewing it; default 30,000, at least 1,000. It is
   * renewed every third of that.
   */
  readonly leaseMs?: number;
}

/** {@link AwsSettings}, and the bus to find. */
export interface AwsOptions extends AwsSettings {
  /** Its name, everything else is read from SSM; or its ARN, of a bus of another account. */
  readonly bus: string;
}

/** {@link AwsSettings}, and the bus as it was deployed. */
export interface KnownBusOptions extends AwsSettings {
  readonly config: BusConfig;
}
