// The public entry `wagglebus/postgres`: the engine with all its options. By name, and a URL alone, `connect` loads it by itself.
import type { EngineFactory } from "./engine/engine.ts";
import { openPostgres, type PostgresPool } from "./engines/postgres/index.ts";
import { type Duration, parseDuration } from "./event/duration.ts";

export type { PostgresClient, PostgresPool, PostgresStatement, PostgresTransaction } from "./engines/postgres/index.ts";
export { fromDrizzle, fromKysely, fromPostgresJs, fromPrisma } from "./engines/postgres/index.ts";

/** Where the database is. Exactly one is given. */
export type PostgresSource =
  | {
      /** A connection string of `pg`: `postgres://user@host/database`. A pooler in transaction mode may stand in between. */
      readonly url: string;
      /** Excluded by `url`. */
      readonly pool?: never;
    }
  | {
      /** A `pg.Pool` of your own; the bus leaves it open. */
      readonly pool: PostgresPool;
      /** Excluded by `pool`. */
      readonly url?: never;
    };

/** Options of {@link postgresEngine}. */
export type PostgresOptions = PostgresSource & {
  /** Where one connection of each process goes that takes notifications, past any pooler; `false`: the process polls. Default: `url`. */
  readonly listenUrl?: string | false;
  /** The schema that holds the bus: 1 to 40 of a-z, 0-9 and _. Default `waggle`. */
  readonly schema?: string;
  /** Whether the schema is made and brought up to date on connect. Default true. */
  readonly migrate?: boolean;
  /** How long history keeps an event, in whole days of UTC; default 30 days. Undelivered events are kept. */
  readonly retention?: Duration;
  /** Maximum number of publishes that wait to be written; more fail with `throttled`. Default 100,000. */
  readonly maxPending?: number;
  /**
   * How long a delivery stays with a process that has no connection of its own for notifications and gives no sign of life;
   * 1 s to 12 h, default 30 s.
   */
  readonly lease?: Duration;
};

const leaseBounds = { min: 1_000, max: 43_200_000 };

/** Returns the postgres engine: `connect({ engine: postgresEngine({ url }) })`. It needs the package `pg`. `invalid_config`. */
export function postgresEngine(options: PostgresOptions): EngineFactory {
  const { lease, retention, ...rest } = options;
  const settings = {
    ...rest,
    ...(lease === undefined ? {} : { lease: parseDuration(lease, "postgresEngine: lease", leaseBounds) }),
    ...(retention === undefined ? {} : { retention: parseDuration(retention, "postgresEngine: retention") }),
  };
  return (context) => openPostgres(settings, context);
}
