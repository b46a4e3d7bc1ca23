import type { Bus } from "../bus/bus.ts";
import { BusError } from "../error/bus-error.ts";
import { shortForm } from "../error/short-form.ts";
import type { Draft } from "../event/event.ts";
import { type InputRecord, readRecords, sizeOfAll } from "./input/records.ts";
import type { CliIo } from "./io.ts";
import type { AnyEvents } from "./open-bus.ts";
import { Progress } from "./output/progress.ts";
import type { OneResult, PublishReport } from "./publish-report.ts";
import { CliError } from "./report-error.ts";

/** How the records of files become events. */
export interface RecordsToEvents {
  /** What a record stands for, each as a record of its own; default: itself. */
  readonly expand?: (record: InputRecord) => readonly InputRecord[];
  /** Completes an event. */
  readonly complete: (draft: Draft) => Draft;
}

/**
 * Publishes the events in files or stdin as they are read, and reports each in order. An invalid event or an unreadable file
 * does not affect the others. Stops at an interruption; events read before it are published.
 */
export async function publishMany(
  io: CliIo,
  bus: Bus<AnyEvents>,
  files: readonly string[],
  { complete, expand = (record) => [record] }: RecordsToEvents,
  report: PublishReport,
): Promise<void> {
  const progress = new Progress(io, await sizeOfAll(io, files));
  let bytesBefore = 0;
  try {
    for (const file of files) {
      let bytes = 0;
      try {
        for await (const { records: read, bytesRead } of readRecords(io, file)) {
          const records = read.flatMap(expand);
          const results = await publishBatch(bus, records, complete);
          if (results.some((result) => !result.ok)) progress.clear();
          results.forEach((result, index) => {
            report.add(result, records[index]);
          });
          bytes = bytesRead;
          progress.update(report.count, bytesBefore + bytes);
          await io.stdout.drained();
        }
      } catch (thrown) {
        if (!(thrown instanceof CliError)) throw thrown;
        progress.clear();
        report.unreadable(file, thrown);
      }
      if (io.signal.aborted) break;
      bytesBefore += bytes;
    }
  } finally {
    // Whatever ended it is reported on a line of its own.
    progress.clear();
  }
}

/** Returns one result per record, in the same order. */
async function publishBatch(
  bus: Bus<AnyEvents>,
  records: readonly InputRecord[],
  complete: (draft: Draft) => Draft,
): Promise<OneResult[]> {
  const drafts = records.map((record) => draftOf(record, complete));
  const published = await bus.publishAll(drafts.filter((draft): draft is Draft => !(draft instanceof BusError)));
  let next = 0;
  return drafts.map((draft) => {
    if (draft instanceof BusError) return { ok: false, error: draft };
    const result = published[next++];
    return result ?? { ok: false, error: new BusError("unavailable", "the bus returned no result for this event") };
  });
}

/** Converts a record to a draft if it looks like one; the bus validates the rest. */
function draftOf(record: InputRecord, complete: (draft: Draft) => Draft): Draft | BusError {
  if (!record.ok) return new BusError("invalid_event", record.problem);
  const { value } = record;
  if (isDraft(value)) return complete(value);
  return new BusError(
    "invalid_event",
    `the record must be an event such as { "type": "…", "data": { … } }, not ${shortForm(value)}`,
  );
}

function isDraft(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
