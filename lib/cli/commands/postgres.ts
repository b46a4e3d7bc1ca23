import type { Command } from "commander";
import { BusError } from "../../error/bus-error.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { resolveBusOptions } from "../open-bus.ts";
import { count } from "../options/values.ts";

type MigrateOptions = GlobalOptions & { from?: number; print?: boolean; schema: string };

/** `waggle postgres` */
export function postgresCommand(io: CliIo): Command {
  return createCommand(io, "postgres", {
    summary: "set up the database of the postgres engine",
    examples,
    exits,
  }).addCommand(migrateCommand(io));
}

const examples = [
  ['postgres migrate --print | psql "$DATABASE_URL"', "have a role that may do so make the schema"],
  ["postgres migrate --url postgres://owner@localhost/app", "make it, or bring it up to date"],
] as const;
const exits = { ok: "up to date, or printed", failed: "the database cannot be reached, or refuses" };

function migrateCommand(io: CliIo): Command {
  return createCommand(io, "migrate", {
    summary: "make the schema of a bus, bring it up to date, or print the SQL",
    description:
      "Makes the schema of a bus, or brings it up to date. connect does the same, unless the engine was told not to.",
    examples,
    exits,
  })
    .option("--schema <name>", "the schema that holds the bus", "waggle")
    .option("--print", "print the SQL that makes the schema, and change nothing")
    .option("--from <version>", "with --print: bring a schema of this version up to date", count())
    .action(async (_, self: Command) => {
      const { from, json, print, schema } = self.optsWithGlobals<MigrateOptions>();
      const { loadPostgres } = await import("../../connect/load-engine.ts");
      const { migratePostgres, migrationText } = await loadPostgres();
      if (print === true) {
        io.stdout.write(migrationText(schema, from));
        return;
      }
      const { url } = await resolveBusOptions(io, self, { engineOfUrl: "postgres" });
      if (url === undefined) {
        throw new BusError("invalid_config", "postgres migrate: no database; give --url, or set WAGGLE_URL");
      }
      const version = await migratePostgres({ url, schema });
      io.stdout.write(
        json === true ? `${JSON.stringify({ schema, version })}\n` : `schema ${schema} is of version ${version}\n`,
      );
    });
}
