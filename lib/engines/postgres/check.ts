import type { Transaction } from "./storage/database.ts";
import { schemaVersion, versionOf } from "./storage/migrations.ts";
import type { Names } from "./storage/names.ts";

/** How the schema of a bus stands, for the role that asks. */
export interface SchemaCheck {
  /** The version of PostgreSQL, as the server says it. */
  readonly server: string;
  readonly role: string;
  readonly schema: string;
  /** The version of the schema; undefined where there is none, and where the role may not read it. */
  readonly version: number | undefined;
  /** The version that this program works with. */
  readonly supported: number;
  /** What the role may not do and a process of the bus does: `SELECT on waggle.events`. */
  readonly missing: readonly string[];
}

/** Looks at the schema of a bus, and changes nothing. */
export async function checkSchema(database: Pick<Transaction, "query">, names: Names): Promise<SchemaCheck> {
  const { schema } = names;
  const [server] = await database.query(standing, [schema]);
  const version = server?.readable === true ? await versionOf(database, names) : undefined;
  const toAsk = version !== undefined || server?.readable === false;
  const missing = toAsk ? await database.query(missingGrants, [schema]) : [];
  return {
    server: String(server?.version),
    role: String(server?.role),
    schema,
    version,
    supported: schemaVersion,
    missing: missing.map((row) => String(row.missing)),
  };
}

/** `readable`: whether the role may look up the version; null where there is no schema. */
const standing = `
  SELECT current_setting('server_version') AS version, current_user AS role,
    has_schema_privilege(n.oid, 'USAGE') AND coalesce(has_table_privilege(m.oid, 'SELECT'), true) AS readable
  FROM (VALUES (1)) AS one
    LEFT JOIN pg_namespace AS n ON n.nspname = $1
    LEFT JOIN pg_class AS m ON m.relnamespace = n.oid AND m.relname = 'meta'`;

/** What docs/postgres/engine.md tells to grant, where the role has not got it; without the schema, what is in it is not asked for. */
const missingGrants = `
  SELECT 'USAGE on schema ' || $1 AS missing WHERE NOT has_schema_privilege($1, 'USAGE')
  UNION ALL
  SELECT p.privilege || ' on ' || $1 || '.' || c.relname
  FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) AS p (privilege)
  WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND NOT has_table_privilege(c.oid, p.privilege)
  UNION ALL
  SELECT 'EXECUTE on ' || $1 || '.' || f.proname
  FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace
  WHERE n.nspname = $1 AND NOT has_function_privilege(f.oid, 'EXECUTE')
  LIMIT 20`;
