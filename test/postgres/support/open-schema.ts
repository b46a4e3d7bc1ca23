import type { EngineFactory } from "../../../lib/engine/engine.ts";
import { type PostgresOptions, postgresEngine } from "../../../lib/postgres-entry.ts";

/** The engine on a URL that names the schema after a `#`, so that one text says where a bus is. */
export function openSchema(where: string, options: Partial<Omit<PostgresOptions, "url" | "pool">> = {}): EngineFactory {
  const [url = "", schema = "waggle"] = where.split("#");
  return postgresEngine({ url, schema, ...options });
}
