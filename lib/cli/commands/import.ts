import { type Command, Option } from "commander";
import type { Draft } from "../../event/event.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { type ImportFormat, importFormats, RecordExpander } from "../exchange/expand-record.ts";
import type { CliIo } from "../io.ts";
import { withBus } from "../open-bus.ts";
import { plural } from "../output/text.ts";
import { publishMany } from "../publish-many.ts";
import { PublishReport } from "../publish-report.ts";

type Options = GlobalOptions & { format: ImportFormat; source?: string };

/** `waggle import` */
export function importCommand(io: CliIo): Command {
  return createCommand(io, "import", {
    summary: "publish events of other programs: NDJSON, CloudEvents, OTLP",
    description:
      "Publishes events of files or stdin: one JSON value per line, or (.json) an array. A value is an event, a CloudEvent, or an " +
      "OTLP request, whose GenAI spans become events. The same import again publishes nothing twice: go on after an " +
      "interruption by running it again. An event without an id is known by its file, its line and its content. A bad value is reported with its line, and the others are published.",
    examples: [
      ["import events.ndjson", "events, as waggle export writes them"],
      ["import spans.otlp.json --source crew", "what the file exporter of an OpenTelemetry collector wrote"],
      ["import --format cloudevents < events.ndjson", "refuse whatever is not a CloudEvent"],
    ],
    exits: { ok: "all are published, or already were", failed: "some are not: stderr lists them with the reason" },
  })
    .argument("[files...]", "files to import; default: stdin")
    .addOption(new Option("--format <format>", "what the values are").choices(importFormats).default("auto"))
    .option("--source <source>", "source of events that name none (default: waggle-import)")
    .action(async (files: string[], _, self: Command) => {
      const { format, json, source } = self.optsWithGlobals<Options>();
      if (files.length === 0 && io.stdin.isTTY) self.error("error: missing files; pass some, or NDJSON on stdin");
      await withBus(io, self, { create: true, source: "waggle-import" }, async (bus) => {
        const report = new PublishReport(io, json === true);
        const expander = new RecordExpander(format, io.cwd);
        const complete = (draft: Draft): Draft => (source === undefined ? draft : { source, ...draft });
        const expand = expander.expand.bind(expander);
        await publishMany(io, bus, files.length === 0 ? ["-"] : files, { complete, expand }, report);
        const { duplicates } = await bus.metrics();
        report.summary(duplicates);
        if (expander.skippedSpans === 0) return;
        const skipped = plural(expander.skippedSpans, "span");
        io.stderr.write(io.stderr.colors.dim(`${skipped} without gen_ai.operation.name left out\n`));
      });
      io.signal.throwIfAborted();
    });
}
