import type { Command } from "commander";
import type { Outbox } from "../../outbox/outbox.ts";
import type { RelayReport } from "../../outbox/relay.ts";
import { addDefaultCommand, createCommand } from "../command.ts";
import { type CliIo, exitCodes } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { type AnyStore, type OutboxCommandOptions, withStore } from "../open-outbox.ts";
import { count } from "../options/values.ts";
import { writeJson } from "../output/json.ts";
import { renderEntries } from "../output/outbox.ts";
import { plural } from "../output/text.ts";

type AnyOutbox = Outbox<never, void | Promise<void>>;

/** `waggle outbox` */
export function outboxCommand(io: CliIo): Command {
  const group = createCommand(io, "outbox", {
    summary: "show, retry and relay events that wait in an outbox",
    description: "Shows what waits in an outbox, what failed and why; retries or discards it; relays it to the bus.",
    examples: [
      ['outbox --database "$DATABASE_URL"', "what waits and what failed"],
      ["outbox retry --database app.db --all", "try all of it again at once"],
      ["outbox --database dynamodb://agents-outbox", "the same of a table in DynamoDB"],
      ['outbox relay --database "$DATABASE_URL" --engine aws --bus agents', "publish what comes, until interrupted"],
    ],
  });
  addDefaultCommand(group, onStore(listCommand(io)));
  for (const command of [retryCommand(io), discardCommand(io), relayCommand(io), createTableCommand(io)]) {
    group.addCommand(onStore(command));
  }
  return group;
}

/** Adds the options that say where the outbox is. */
function onStore(command: Command): Command {
  return command
    .option(
      "--database <where>",
      "URL of the PostgreSQL database or path of the SQLite file that has the outbox, or dynamodb://<table>",
    )
    .option("--table <name>", "its table, in PostgreSQL and SQLite", "waggle_outbox");
}

/** What shows and changes entries needs no bus; one in memory stands for it. */
async function withOutbox(io: CliIo, command: Command, use: (outbox: AnyOutbox) => Promise<void>): Promise<void> {
  const [{ createOutbox }, { openBus }] = await Promise.all([
    import("../../outbox/create-outbox.ts"),
    import("../../connect/index.ts"),
  ]);
  await withStore(io, command, async (store) => {
    const bus = await openBus({ engine: "memory", source: "waggle" });
    try {
      await use(createOutbox({ store, bus }));
    } finally {
      await bus.close();
    }
  });
}

function listCommand(io: CliIo): Command {
  return createCommand(io, "list", {
    summary: "what waits and what failed, oldest first",
    examples: [["outbox list --failed --json --database app.db", "what failed, for another program"]],
    exits: { ok: "listed, even if it is empty", failed: "the database cannot be read" },
  })
    .option("--failed", "only what was set aside")
    .option("-n, --limit <count>", "maximum number of entries to list", count(), 20)
    .action((_, self: Command) =>
      withOutbox(io, self, async (outbox) => {
        const { failed, json, limit } = self.optsWithGlobals<
          OutboxCommandOptions & { failed?: boolean; limit: number }
        >();
        const { entries } = await outbox.list({ limit, ...(failed === true ? { state: "failed" } : {}) });
        if (json === true) {
          for (const entry of entries) writeJson(io.stdout, entry);
          return;
        }
        if (entries.length > 0) io.stdout.write(renderEntries(io, entries));
        const state = await outbox.state();
        const note = `${state.waiting.toLocaleString("en-US")} waiting, ${state.failed.toLocaleString("en-US")} failed\n`;
        io.stderr.write(io.stderr.colors.dim(note));
      }),
    );
}

function retryCommand(io: CliIo): Command {
  return createCommand(io, "retry", {
    summary: "have a relay try entries again at once",
    description: "Has entries tried again: those that were set aside, and those that wait for their next try.",
    examples: [["outbox retry --all --database app.db", "all that failed"]],
    exits: { ok: "all of them will be tried", failed: "some are not there" },
  })
    .argument("[ids...]", "ids of the events; or --all")
    .option("--all", "every entry")
    .action((ids: string[], _, self: Command) => {
      const { all } = self.optsWithGlobals<{ all?: boolean }>();
      if ((all === true) === ids.length > 0) self.error("error: pass ids, or --all");
      return withOutbox(io, self, async (outbox) => {
        report(io, self, ids, await outbox.retry(all === true ? undefined : ids), "will be tried again");
      });
    });
}

function discardCommand(io: CliIo): Command {
  return createCommand(io, "discard", {
    summary: "delete entries that were set aside",
    examples: [
      ["outbox discard 0190a5d2-3c4e-7a1b-8c2d-3e4f5a6b7c8d --database app.db", "one that can never be published"],
    ],
    exits: { ok: "deleted", failed: "some are not there, or were not set aside" },
  })
    .argument("<ids...>", "ids of the events")
    .action((ids: string[], _, self: Command) =>
      withOutbox(io, self, async (outbox) => report(io, self, ids, await outbox.discard(ids), "discarded")),
    );
}

function report(io: CliIo, command: Command, wanted: readonly string[], done: readonly string[], what: string): void {
  const missing = wanted.filter((id) => !done.includes(id));
  if (missing.length > 0) io.exitCode = exitCodes.failed;
  if (command.optsWithGlobals<OutboxCommandOptions>().json === true) {
    for (const id of done) writeJson(io.stdout, { id, ok: true });
    for (const id of missing) writeJson(io.stdout, { id, ok: false });
    return;
  }
  for (const id of missing) io.stderr.write(`${io.stderr.colors.red("✗")} there is no such entry: ${id}\n`);
  io.stdout.write(`${plural(done.length, "entry", "entries")} ${what}\n`);
}

function relayCommand(io: CliIo): Command {
  return createCommand(io, "relay", {
    summary: "publish what is in an outbox, and what comes, until interrupted",
    examples: [
      ['outbox relay --database "$DATABASE_URL" --engine aws --bus agents', "to a deployed bus"],
      ["outbox relay --once --database app.db", "what can be published now"],
    ],
    exits: { ok: "with --once: nothing is left to be published now", failed: "with --once: something failed" },
  })
    .option("--once", "end when nothing is left that can be published now")
    .action((_, self: Command) =>
      withStore(io, self, (store) =>
        withBus(io, self, { create: true, source: "waggle" }, async (bus) => {
          const { createOutbox } = await import("../../outbox/create-outbox.ts");
          const outbox = createOutbox({ store, bus });
          const { json, once } = self.optsWithGlobals<OutboxCommandOptions & { once?: boolean }>();
          if (once !== true) return outbox.relay({ signal: io.signal });
          const done: RelayReport = await outbox.flush();
          if (done.failed + done.postponed > 0) io.exitCode = exitCodes.failed;
          if (json === true) writeJson(io.stdout, done);
          else io.stdout.write(`${done.published} published, ${done.failed} failed, ${done.postponed} postponed\n`);
        }),
      ),
    );
}

function createTableCommand(io: CliIo): Command {
  return createCommand(io, "create", {
    summary: "make the table of an outbox, or print the SQL for PostgreSQL",
    examples: [['outbox create --print | psql "$DATABASE_URL"', "have a role that may do so make the table"]],
    exits: { ok: "made, already there, or printed", failed: "the database refuses" },
  })
    .option("--print", "print the SQL, and change nothing")
    .action(async (_, self: Command) => {
      const { print, table } = self.optsWithGlobals<OutboxCommandOptions & { print?: boolean }>();
      if (print === true) {
        const { postgresOutboxSql } = await import("../../outbox/sql/postgres-outbox.ts");
        io.stdout.write(postgresOutboxSql(table));
        return;
      }
      await withStore(io, self, async (store: AnyStore) => {
        await store.create();
        io.stdout.write(`the table ${store.name} is there\n`);
      });
    });
}
