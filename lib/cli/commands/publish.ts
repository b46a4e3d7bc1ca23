import type { Command } from "commander";
import { BusError } from "../../error/bus-error.ts";
import type { Draft, Event } from "../../event/event.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { addDraftOptions, completeDraft, type DraftOptions } from "../options/draft-options.ts";
import { collect, parseJsonArgument, textOf } from "../options/values.ts";
import { publishMany } from "../publish-many.ts";
import { type OneResult, PublishReport } from "../publish-report.ts";

type Options = GlobalOptions & DraftOptions & { data?: string; from?: string[]; dedupe?: string };

/** `waggle publish` */
export function publishCommand(io: CliIo): Command {
  const command = createCommand(io, "publish", {
    summary: "publish events: from arguments, files or NDJSON on stdin",
    description:
      "Publishes one event (a type and its data as JSON), or many: every event in the files, or every line of stdin. " +
      "An event is { type, data, source?, time?, id?, metadata? }, or one printed by `waggle history --json`. An invalid " +
      "event is reported with its line and does not affect the others.",
    examples: [
      [`publish task.created '{"taskId":"task-12","title":"Read the notes"}'`, "one event"],
      ["publish memory.created --data @memory.json --tag import", "data from a file"],
      ["publish --from events.ndjson more.json", "from files: one event per line, or (.json) an array"],
      ["publish --source importer < events.ndjson", "from stdin, one event per line"],
    ],
    exits: { ok: "all are published, or already were", failed: "some are not: stderr lists them with the reason" },
  });
  command.argument("[type]", "type of the event").argument("[data]", "data as JSON, @file, or - for stdin; default {}");
  command
    .option("-d, --data <json>", "data as JSON, @file, or - for stdin")
    .option("-f, --from <files...>", "files of events, - for stdin", collect)
    .option(
      "--dedupe <key>",
      "for one event: derive the id from the source and this key, so that a repeat is a duplicate",
    );
  addDraftOptions(command, io);
  return command.action(async (type: string | undefined, data: string | undefined, _, self: Command) => {
    const options = self.optsWithGlobals<Options>();
    const draft = await draftOf(io, self, type, data, options);
    const files = draft === undefined ? filesOf(io, self, options) : [];
    await withBus(io, self, { create: true, source: "waggle-cli" }, async (bus) => {
      const report = new PublishReport(io, options.json === true);
      if (draft === undefined) {
        await publishMany(io, bus, files, { complete: (one) => completeDraft(one, options) }, report);
        const { duplicates } = await bus.metrics();
        report.summary(duplicates);
      } else {
        const dedupe = options.dedupe === undefined ? {} : { dedupe: options.dedupe };
        report.one(await resultOf(bus.publish(completeDraft(draft, options), dedupe)));
      }
    });
    io.signal.throwIfAborted();
  });
}

/** Converts to the result of `publishAll`, which does not support `dedupe`. */
function resultOf(published: Promise<Event>): Promise<OneResult> {
  return published.then(
    (event) => ({ ok: true, event }),
    (thrown: unknown) => {
      if (thrown instanceof BusError) return { ok: false, error: thrown };
      throw thrown;
    },
  );
}

/** Returns the event in the arguments, or `undefined` if they have none. */
async function draftOf(
  io: CliIo,
  command: Command,
  type: string | undefined,
  data: string | undefined,
  options: Options,
): Promise<Draft | undefined> {
  if (type === undefined) return undefined;
  if (options.from !== undefined) command.error("error: a type and --from cannot be used together; pass only one");
  if (data !== undefined && options.data !== undefined) {
    command.error("error: the data argument and --data cannot be used together; pass only one");
  }
  const json = data ?? options.data;
  if (json === undefined && /[/\\]|\.(nd)?jsonl?$/.test(type)) {
    command.error(`error: ${type} is not an event type; to publish the events in a file: --from ${type}`);
  }
  return { type, data: json === undefined ? {} : parseJsonArgument(command, "data", await textOf(io, json)) };
}

function filesOf(io: CliIo, command: Command, options: Options): readonly string[] {
  for (const name of ["data", "id", "dedupe"] as const) {
    if (options[name] !== undefined) command.error(`error: --${name} is for a single event; pass its type`);
  }
  if (options.from === undefined && io.stdin.isTTY) {
    command.error("error: missing events; pass a type and its data, --from FILE, or NDJSON on stdin");
  }
  return options.from ?? ["-"];
}
