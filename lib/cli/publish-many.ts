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

/**
 * Publishes the events of files or stdin as they come, and reports each in order. A bad one, and a file that cannot be
 * read, harm no other. Ends early at an interruption; what was read until then is published.
 */
export async function publishMany(
  io: CliIo,
  bus: Bus<AnyEvents>,
  files: readonly string[],
  complete: (draft: Draft) => Draft,
  report: PublishReport,
): Promise<void> {
  const progress = new Progress(io, await sizeOfAll(io, files));
  let bytesBefore = 0;
  for (const file of files) {
    let bytes = 0;
    try {
      for await (const { records, bytesRead } of readRecords(io, file)) {
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
  progress.clear();
}

/** One result a record, in their order. */
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
    return result ?? { ok: false, error: new BusError("unavailable", "the bus gave no result for this event") };
  });
}

/** What the record says, as far as it is a draft at all; the bus checks the rest. */
function draftOf(record: InputRecord, complete: (draft: Draft) => Draft): Draft | BusError {
  if (!record.ok) return new BusError("invalid_event", record.problem);
  const { value } = record;
  if (isDraft(value)) return complete(value);
  return new BusError("invalid_event", `${shortForm(value)} is no event; give { "type": "…", "data": { … } }`);
}

function isDraft(value: unknown): value is Draft {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
