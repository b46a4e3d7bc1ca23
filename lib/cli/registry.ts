import type { Command } from "commander";
import type { CliIo } from "./io.ts";

/** A command: its name and summary for the list of commands, and how to load its code when it is called. */
export interface Registration {
  readonly name: string;
  readonly summary: string;
  readonly load: (io: CliIo) => Promise<Command>;
}

/**
 * All commands in the order of the help. The code of a command is loaded when it is called: `waggle --help` needs none of it,
 * and loading the bus takes ten times as long as the help.
 */
export const registry: readonly Registration[] = [
  {
    name: "init",
    summary: "make a new project",
    load: async (io) => (await import("./commands/init.ts")).initCommand(io),
  },
  {
    name: "dev",
    summary: "run functions/ on a local bus and show what happens",
    load: async (io) => (await import("./commands/dev.ts")).devCommand(io),
  },
  {
    name: "publish",
    summary: "publish events: from arguments, files or NDJSON on stdin",
    load: async (io) => (await import("./commands/publish.ts")).publishCommand(io),
  },
  {
    name: "tail",
    summary: "show events as they come",
    load: async (io) => (await import("./commands/tail.ts")).tailCommand(io),
  },
  {
    name: "history",
    summary: "list recorded events, or show one",
    load: async (io) => (await import("./commands/history.ts")).historyCommand(io),
  },
  {
    name: "flow",
    summary: "show all events of a flow as a tree",
    load: async (io) => (await import("./commands/flow.ts")).flowCommand(io),
  },
  {
    name: "explain",
    summary: "tell why an event was or was not delivered to a subscription",
    load: async (io) => (await import("./commands/explain.ts")).explainCommand(io),
  },
  {
    name: "stats",
    summary: "count events by type and time",
    load: async (io) => (await import("./commands/stats.ts")).statsCommand(io),
  },
  {
    name: "alerts",
    summary: "list active alerts, or try rules on history",
    load: async (io) => (await import("./commands/alerts.ts")).alertsCommand(io),
  },
  {
    name: "subscriptions",
    summary: "list, show or delete subscriptions",
    load: async (io) => (await import("./commands/subscriptions.ts")).subscriptionsCommand(io),
  },
  {
    name: "dlq",
    summary: "list, show, redrive or discard dead letters",
    load: async (io) => (await import("./commands/dlq.ts")).dlqCommand(io),
  },
  {
    name: "replay",
    summary: "deliver past events again",
    load: async (io) => (await import("./commands/replay.ts")).replayCommand(io),
  },
  {
    name: "export",
    summary: "write events, traces or the catalog for other programs",
    load: async (io) => (await import("./commands/export.ts")).exportCommand(io),
  },
  {
    name: "import",
    summary: "publish events of other programs: NDJSON, CloudEvents, OTLP",
    load: async (io) => (await import("./commands/import.ts")).importCommand(io),
  },
  {
    name: "outbox",
    summary: "show, retry and relay events that wait in an outbox",
    load: async (io) => (await import("./commands/outbox.ts")).outboxCommand(io),
  },
  {
    name: "serve",
    summary: "serve the bus over HTTP",
    load: async (io) => (await import("./commands/serve.ts")).serveCommand(io),
  },
  {
    name: "mcp",
    summary: "give agents the bus as MCP tools, over stdin and stdout",
    load: async (io) => (await import("./commands/mcp.ts")).mcpCommand(io),
  },
  {
    name: "inbox",
    summary: "show an agent the messages that are addressed to it, and acknowledge them",
    load: async (io) => (await import("./commands/inbox.ts")).inboxCommand(io),
  },
  {
    name: "token",
    summary: "create, list or revoke tokens for the server",
    load: async (io) => (await import("./commands/token.ts")).tokenCommand(io),
  },
  {
    name: "erase",
    summary: "erase a user's data for good, with a proof",
    load: async (io) => (await import("./commands/erase.ts")).eraseCommand(io),
  },
  {
    name: "catalog",
    summary: "list types, show one with an example, print JSON Schema or Python",
    load: async (io) => (await import("./commands/catalog.ts")).catalogCommand(io),
  },
  {
    name: "schema",
    summary: "refuse breaking changes of the catalog",
    load: async (io) => (await import("./commands/schema.ts")).schemaCommand(io),
  },
  {
    name: "pattern",
    summary: "test an event pattern against events",
    load: async (io) => (await import("./commands/pattern.ts")).patternCommand(io),
  },
  {
    name: "top",
    summary: "show rates, backlogs and the newest events, live",
    load: async (io) => (await import("./commands/top.ts")).topCommand(io),
  },
  {
    name: "approve",
    summary: "list what waits for a person, grant or deny it",
    load: async (io) => (await import("./commands/approve.ts")).approveCommand(io),
  },
  {
    name: "completion",
    summary: "print the completion script of a shell",
    load: async (io) => (await import("./commands/completion.ts")).completionCommand(io, registry),
  },
  {
    name: "doctor",
    summary: "check configuration, engine and store, and say how to fix what is wrong",
    load: async (io) => (await import("./commands/doctor.ts")).doctorCommand(io),
  },
  {
    name: "logs",
    summary: "show what deployed functions have logged",
    load: async (io) => (await import("./commands/logs.ts")).logsCommand(io),
  },
  {
    name: "migrate",
    summary: "move all that a bus holds to another engine",
    load: async (io) => (await import("./commands/migrate.ts")).migrateCommand(io),
  },
  {
    name: "postgres",
    summary: "set up the database of the postgres engine",
    load: async (io) => (await import("./commands/postgres.ts")).postgresCommand(io),
  },
  {
    name: "kafka",
    summary: "make or check the topics of the kafka engine",
    load: async (io) => (await import("./commands/kafka.ts")).kafkaCommand(io),
  },
];
