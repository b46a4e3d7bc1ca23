import { type Command, Option } from "commander";
import type { Bus } from "../../bus/bus.ts";
import { engineOf } from "../../bus/engine-of.ts";
import type { HistoryQuery } from "../../engine/queries.ts";
import type { Event } from "../../event/event.ts";
import { createCommand, type GlobalOptions } from "../command.ts";
import { writeFiles, writeLines } from "../exchange/write.ts";
import type { CliIo } from "../io.ts";
import { type AnyEvents, resolveBusOptions, withBus } from "../open-bus.ts";
import { addHistoryFilters, type HistoryFilterOptions, historyQuery } from "../options/history-filters.ts";
import { toJson } from "../output/json.ts";
import { Progress } from "../output/progress.ts";
import { packageVersion } from "../package-version.ts";
import { pages } from "../pages.ts";

const formats = ["ndjson", "cloudevents", "otlp", "asyncapi", "eventcatalog"] as const;
type Options = GlobalOptions & HistoryFilterOptions & { format: (typeof formats)[number]; out?: string };

/** `waggle export` */
export function exportCommand(io: CliIo): Command {
  const command = createCommand(io, "export", {
    summary: "write events, traces or the catalog for other programs",
    description:
      "Writes recorded events, oldest first, as NDJSON (which waggle import reads), as CloudEvents, or, by flow, as OTLP traces; " +
      "or the catalog as an AsyncAPI 3 document or as a folder for EventCatalog. A file is replaced once all of it is written.",
    examples: [
      ["export --out events.ndjson", "all of history"],
      ["export --format cloudevents --type 'task.*' --since 1d", "a part of it, on stdout"],
      ["export --format otlp --since 1h --out traces.json", "for a tracing backend: one request per line and flow"],
      ["export --format asyncapi --out asyncapi.json", "the catalog as AsyncAPI 3"],
      ["export --format eventcatalog --out catalog", "the catalog as a folder of eventcatalog.dev"],
    ],
    exits: { ok: "written, even if nothing matches", failed: "history cannot be read, or the output not be written" },
  })
    .addOption(new Option("--format <format>", "what to write").choices(formats).default("ndjson"))
    .option("-o, --out <path>", "file, or for eventcatalog folder, to write; default: stdout");
  addHistoryFilters(command, io);
  return command.action(async (_, self: Command) => {
    const options = self.optsWithGlobals<Options>();
    const { format, out } = options;
    if (format === "asyncapi" || format === "eventcatalog") return exportCatalog(io, self, { format, out });
    await withBus(io, self, {}, async (bus) => {
      const query = historyQuery(options);
      const progress = new Progress(io, undefined);
      const total = await countOf(bus, query);
      const count = (done: number) => progress.count("events", done, total);
      const written = await writeLines(io, out, linesOf(io, bus, { format, query, count }));
      progress.clear();
      if (out !== undefined) report(io, options, { path: out, written, what: format === "otlp" ? "flow" : "event" });
    });
  });
}

interface Selection {
  readonly format: "ndjson" | "cloudevents" | "otlp";
  readonly query: HistoryQuery;
  readonly count: (done: number) => void;
}

async function* linesOf(io: CliIo, bus: Bus<AnyEvents>, { count, format, query }: Selection): AsyncGenerator<string[]> {
  const { toCloudEvent } = await import("../../event/cloud-events/from-event.ts");
  const { flowToSpans } = await import("../../telemetry/otlp/flow-to-spans.ts");
  const flows = new Set<string>();
  const lineOf = async (event: Event): Promise<string[]> => {
    if (format === "ndjson") return [toJson(event)];
    if (format === "cloudevents") return [toJson(toCloudEvent(event))];
    const { correlationId } = event.metadata;
    if (flows.has(correlationId)) return [];
    flows.add(correlationId);
    return [toJson(flowToSpans(await bus.history.flow(correlationId)))];
  };
  let done = 0;
  const read = (page: { limit: number; cursor?: string }) => bus.history.query({ ...query, ...page, order: "oldest" });
  for await (const { events } of pages(io, read, { limit: Number.POSITIVE_INFINITY })) {
    const lines: string[] = [];
    for (const event of events) {
      io.signal.throwIfAborted();
      lines.push(...(await lineOf(event)));
      done += 1;
      count(done);
    }
    yield lines;
  }
}

/** The number of events that a query selects, where the engine counts them; else it would be read twice. */
async function countOf(bus: Bus<AnyEvents>, query: HistoryQuery): Promise<number | undefined> {
  const { type, since, until, ...others } = query;
  const types = typeof type === "string" ? [type] : type;
  if (engineOf(bus)?.log.stats === undefined || Object.keys(others).length > 0 || (types?.length ?? 0) > 1)
    return undefined;
  const [only] = types ?? [];
  const rows = await bus.history.stats({
    ...(only === undefined ? {} : { type: only }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  });
  return rows.reduce((sum, { count }) => sum + count, 0);
}

interface CatalogOutput {
  readonly format: "asyncapi" | "eventcatalog";
  readonly out: string | undefined;
}

async function exportCatalog(io: CliIo, command: Command, { format, out }: CatalogOutput): Promise<void> {
  const { catalog } = await resolveBusOptions(io, command);
  const options = command.optsWithGlobals<Options>();
  if (Object.keys(historyQuery(options)).length > 0) {
    command.error(`error: --format ${format} writes the catalog, and takes no filters for events`);
  }
  if (format === "asyncapi") {
    const { asyncApiDocument } = await import("../exchange/async-api.ts");
    const document = asyncApiDocument(catalog, { title: "Waggle", version: packageVersion() });
    await writeLines(io, out, [[toJson(document, options.json === true ? undefined : 2)]]);
  } else {
    if (out === undefined) return command.error("error: missing --out; --format eventcatalog writes a folder");
    const { eventCatalogFiles } = await import("../exchange/event-catalog.ts");
    await writeFiles(io, out, eventCatalogFiles(catalog));
  }
  if (out !== undefined) report(io, options, { path: out, written: catalog.types().length, what: "type" });
}

function report(
  io: CliIo,
  { json }: Options,
  { path, what, written }: { path: string; what: string; written: number },
): void {
  if (json === true) io.stdout.write(`${toJson({ path, written })}\n`);
  else
    io.stdout.write(
      `${io.stdout.colors.green("✓")} ${written.toLocaleString("en-US")} ${what}${written === 1 ? "" : "s"} written to ${path}\n`,
    );
}
