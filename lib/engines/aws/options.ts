import type { BusConfig } from "../../aws/index.ts";
import type { Clock } from "../../bus/clock.ts";
import type { Logger } from "../../bus/logger.ts";
import type { BusError } from "../../error/bus-error.ts";
import type { Catalog } from "../../event/catalog.ts";

/** What the engine needs whichever way it comes to know its bus. */
export interface AwsSettings {
  /** Types that history does not keep, and what an event of each must look like. */
  readonly catalog: Catalog;
  readonly clock: Clock;
  /** 0 up to 1. */
  readonly random: () => number;
  readonly nextId: () => string;
  readonly logger: Logger;
  /** Told of what no caller can see: a message that cannot be read, a queue that does not answer. */
  readonly onError: (error: BusError) => void;
  /**
   * Milliseconds for which a delivery stays with a process that has stopped renewing it; default 30,000, at least 1,000. It is
   * renewed every third of that.
   */
  readonly leaseMs?: number;
  /** Told of each delivery that was over before it ran, since its event had expired. */
  readonly onExpired?: () => void;
}

/** {@link AwsSettings}, and the bus to look for: `openAws(options): Promise<Engine>`. */
export interface AwsOptions extends AwsSettings {
  /** Its name; everything else is read from SSM. */
  readonly bus: string;
}

/** {@link AwsSettings}, and the bus as it was deployed: `createAwsEngine(options): Engine`, which calls nothing. */
export interface KnownBusOptions extends AwsSettings {
  readonly config: BusConfig;
}
