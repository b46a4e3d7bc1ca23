import { once } from "node:events";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { parseDuration } from "../../event/duration.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { type AnyEvents, resolveBusOptions, terminalLogger } from "../open-bus.ts";
import { tokenFileOf } from "../options/token-file.ts";
import { collect, count } from "../options/values.ts";
import { writeJson } from "../output/json.ts";

interface Options extends GlobalOptions {
  port: number;
  host: string;
  tokens?: string;
  requireToken?: boolean;
  allowHost: string[];
  cors: string[];
  bodyLimit: number;
  maxConnections: number;
  idleTimeout: string;
  allowPrivateWebhooks?: boolean;
  deltas: boolean;
  otlpIn?: boolean;
}

/** `waggle serve` */
export function serveCommand(io: CliIo): Command {
  return createCommand(io, "serve", {
    summary: "serve the bus over HTTP",
    description:
      "Serves the bus to programs in any language over HTTP, until Ctrl-C: publish, query, wait, tail, webhooks, dead letters, replays. " +
      "On this machine's own address no token is needed; on any other one every request needs a token (waggle token create). " +
      "GET /openapi.json describes the routes. In a browser the address shows a page: what happens, what failed, what to do.",
    examples: [
      ["serve", "on http://127.0.0.1:4600, for this machine alone"],
      ["serve --host 0.0.0.0 --allow-host bus.internal", "for others, who need a token each"],
      ["serve --cors http://localhost:5173", "also for the pages of a development server"],
      ["serve --engine memory --port 0", "a bus that is gone afterwards, on a free port"],
    ],
    exits: {
      ok: "ended by Ctrl-C or SIGTERM, what was under way answered",
      failed: "the bus cannot be opened, or the port is in use",
    },
  })
    .option("-p, --port <port>", "port to listen on; 0 takes a free one", count(0, 65_535), 4_600)
    .option("--host <address>", "address to listen on; anything but loopback needs tokens", "127.0.0.1")
    .option("--tokens <file>", "file of the tokens (default: tokens.json beside the database)")
    .option("--require-token", "need a token on loopback too, behind a proxy for example")
    .option("--allow-host <name>", "a DNS name by which the server is called; several times: each of them", collect, [])
    .option("--cors <origin>", "origin of pages that may call the server; several times: each of them", collect, [])
    .option("--body-limit <bytes>", "most bytes of a request's body", count(1_024, 1_073_741_824), 8_388_608)
    .option("--max-connections <count>", "open connections; more are refused", count(1, 1_000_000), 4_096)
    .option("--idle-timeout <duration>", "how long a connection without a request stays open", "2m")
    .option("--allow-private-webhooks", "send webhooks to private addresses too, and without TLS")
    .option("--no-deltas", "do not follow what history does not keep; each such event then costs no delivery here")
    .option("--otlp-in", "take GenAI spans of OpenTelemetry as events, at /v1/traces")
    .action((_, self: Command) => serve(io, self));
}

async function serve(io: CliIo, command: Command): Promise<void> {
  const options = command.optsWithGlobals<Options>();
  const idleTimeoutMs = parseDuration(options.idleTimeout, "--idle-timeout", { min: 1_000 });
  const busOptions = await resolveBusOptions(io, command);
  const { openBusOnEngine } = await import("../../connect/index.ts");
  const { startServer } = await import("../../server/index.ts");
  const served = await openBusOnEngine<AnyEvents>({
    source: "waggle-http",
    ...(io.stderr.isTTY ? { logger: terminalLogger(io) } : {}),
    ...busOptions,
  });
  try {
    const server = await startServer(served, {
      host: options.host,
      port: options.port,
      tokenFile: tokenFileOf(io, busOptions, options.tokens),
      ...(busOptions.file === undefined ? {} : { peerFolder: join(dirname(busOptions.file), "servers") }),
      needsToken: options.requireToken === true,
      hosts: options.allowHost.map((name) => name.toLowerCase()),
      origins: options.cors,
      bodyLimit: options.bodyLimit,
      maxConnections: options.maxConnections,
      idleTimeoutMs,
      allowPrivateWebhooks: options.allowPrivateWebhooks === true,
      deltas: options.deltas,
      otlpIn: options.otlpIn === true,
      alerts: busOptions.alerts,
    });
    try {
      if (options.json === true) writeJson(io.stdout, { url: server.url });
      else io.stdout.write(`serving on ${server.url}; open it in a browser to see what happens; Ctrl-C ends\n`);
      if (!io.signal.aborted) await once(io.signal, "abort");
    } finally {
      await server.close();
    }
  } finally {
    await served.bus.close();
  }
}
