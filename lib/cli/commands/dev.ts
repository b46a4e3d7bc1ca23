import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import { BusError } from "../../error/bus-error.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { runSession } from "../dev/run-session.ts";
import { serveSession } from "../dev/serve-session.ts";
import type { CliIo } from "../io.ts";
import { type AnyEvents, type BusOptions, resolveBusOptions, shortPath } from "../open-bus.ts";
import { collect, count } from "../options/values.ts";
import { waggleCommand } from "../waggle-command.ts";

interface Options extends GlobalOptions {
  functions?: string;
  import?: string[];
  untilIdle?: boolean;
  strict?: boolean;
  port?: number;
  serve: boolean;
}

const defaultFolder = "functions";

/** `waggle dev` */
export function devCommand(io: CliIo): Command {
  return createCommand(io, "dev", {
    summary: "run functions/ on a local bus and show what happens",
    description:
      "Subscribes every functions/<name>/{subscription,handler}.ts on a bus of this machine and runs them: shows events, " +
      "runs, failures and dead letters as they come, until Ctrl-C. What was left by then waits on the bus for the next run. " +
      "Publish from another terminal (waggle publish), from a module that is loaded with --import, or over HTTP: the bus is " +
      "served on port 4600 of this machine too (waggle serve), with its page for a browser, unless --until-idle or --no-serve is given.",
    examples: [
      ["dev", "run functions/ until Ctrl-C"],
      ["dev --import agents.ts", "a module that subscribes by itself, on the bus that getBus() gives"],
      ["dev --until-idle --strict --json", "for CI: NDJSON, and exit code 1 where something is dead"],
      ["dev --functions agents --engine memory", "another folder, on a bus that is gone afterwards"],
    ],
    exits: {
      ok: "with --until-idle: everything was handled, or is a dead letter",
      failed: "it could not run; with --strict also: something is dead",
    },
  })
    .option("--functions <folder>", `folder of the functions (default: ${defaultFolder})`)
    .option("--import <file>", "load a module that subscribes by itself; several times: each of them", collect)
    .option("--until-idle", "end when no delivery of these subscriptions is under way, and print a summary")
    .option("--strict", "with --until-idle: exit with 1 where these subscriptions have a dead letter")
    .option("-p, --port <port>", "port to serve the bus on; 0 takes a free one (default: 4600)", count(0, 65_535))
    .option("--no-serve", "do not serve the bus over HTTP")
    .action((_, self: Command) => dev(io, self));
}

async function dev(io: CliIo, command: Command): Promise<void> {
  const { functions, import: imports = [], untilIdle, strict, json, port, serve } = command.optsWithGlobals<Options>();
  if (!serve && port !== undefined) command.error("error: --port and --no-serve exclude each other");
  if (strict === true && untilIdle !== true) command.error("error: --strict is for a run that ends; add --until-idle");
  if (functions === undefined && imports.length === 0) checkFolder(io);
  const bus = await resolveBusOptions(io, command);
  const settings = {
    bus,
    functions,
    imports,
    json: json === true,
    strict: strict === true,
    program: "waggle dev",
    waggle: waggleCommand(io, command),
    logLevel: "info",
    view: {
      plan: () => (untilIdle === true ? [] : [{ note: `waiting for events in ${placeOf(io, bus)}; Ctrl-C ends` }]),
    },
    // A run that ends serves only who has said where to find it.
    ...(serve && (untilIdle !== true || port !== undefined) ? { serve: serveSession(io, bus, { port }) } : {}),
  } as const;
  await runSession<AnyEvents, object, void>(io, settings, async (session) => {
    await session.start();
    session.plan({});
    if (untilIdle === true) await session.idle();
    else await session.stopped();
  });
}

/** In a new project it is likely that nobody has made the folder yet. */
function checkFolder(io: CliIo): void {
  if (existsSync(resolve(io.cwd, defaultFolder))) return;
  throw new BusError(
    "not_found",
    `there is no folder ${defaultFolder}/ here; add ${defaultFolder}/<name>/subscription.ts and handler.ts, name another ` +
      "folder with --functions, or load a module that subscribes by itself with --import",
  );
}

function placeOf(io: CliIo, { engine, file }: BusOptions): string {
  return file === undefined ? `the ${engine} engine` : shortPath(io, file);
}
