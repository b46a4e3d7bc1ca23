import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { toBusError } from "../../error/bus-error.ts";
import { fromStructured } from "../../event/cloud-events/to-draft.ts";
import { spansToDrafts } from "../../telemetry/otlp/spans-to-drafts.ts";
import type { InputRecord } from "../input/records.ts";

/** What a file to import consists of. `auto`: each record shows it by its own fields. */
export const importFormats = ["auto", "ndjson", "cloudevents", "otlp"] as const;

/** One of {@link importFormats}. */
export type ImportFormat = (typeof importFormats)[number];

type ReadRecord = InputRecord & { readonly ok: true };

/** Turns records of any format into records of events. */
export class RecordExpander {
  /** Spans that were not of a model, an agent or a tool. */
  skippedSpans = 0;
  readonly #format: ImportFormat;

  readonly #cwd: string;

  /** `cwd`: what the names of files are relative to. */
  constructor(format: ImportFormat, cwd: string) {
    this.#format = format;
    this.#cwd = cwd;
  }

  /** The events of a record, each as a record with its position; what is wrong with it where it has none. */
  expand(record: InputRecord): readonly InputRecord[] {
    if (!record.ok) return [record];
    try {
      return this.#expand(record);
    } catch (thrown) {
      // The stack ends within a value that is nested in itself thousands of times.
      if (!(thrown instanceof RangeError)) throw thrown;
      return [{ from: record.from, line: record.line, ok: false, problem: "the record is nested too deeply" }];
    }
  }

  #expand(record: ReadRecord): readonly InputRecord[] {
    const format = this.#format === "auto" ? formatOf(record.value) : this.#format;
    const position = { from: record.from, line: record.line };
    if (format === "otlp") {
      const result = spansToDrafts(record.value);
      if ("problem" in result) return [{ ...position, ok: false, problem: result.problem }];
      this.skippedSpans += result.skipped;
      return result.drafts.map((value) => ({ ...position, ok: true, value }));
    }
    if (format !== "cloudevents") return [{ ...record, value: withId(record, resolve(this.#cwd, record.from)) }];
    try {
      return [{ ...position, ok: true, value: fromStructured(record.value) }];
    } catch (thrown) {
      return [{ ...position, ok: false, problem: `not a CloudEvent: ${toBusError(thrown).message}` }];
    }
  }
}

function formatOf(value: unknown): Exclude<ImportFormat, "auto"> {
  if (typeof value !== "object" || value === null) return "ndjson";
  if ("resourceSpans" in value) return "otlp";
  return "specversion" in value ? "cloudevents" : "ndjson";
}

/**
 * An event without an id gets one of its file, line and content: a second import of the file publishes nothing twice, and equal
 * lines of two files are two events.
 */
function withId({ line, value }: ReadRecord, file: string): unknown {
  if (typeof value !== "object" || value === null || ("id" in value && value.id !== undefined)) return value;
  const digest = createHash("sha256")
    .update(`${file} ${line} ${JSON.stringify(value)}`)
    .digest("hex");
  return { ...value, id: `import-${digest.slice(0, 32)}` };
}
