import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { messageOf } from "../../error/message-of.ts";
import { findLosses } from "../../event/exact-json.ts";
import type { CliIo } from "../io.ts";
import { readTextFile, unreadable } from "../options/values.ts";
import { readLines } from "./lines.ts";

/** The position of a record in the input, for messages and `--json`. */
export interface RecordPosition {
  /** The file as the user named it, or `stdin`. */
  readonly from: string;
  /** The number of the line, or of the item in a JSON array, from 1. */
  readonly line: number;
}

/** One JSON value of the input, or the problem of an invalid one. */
export type InputRecord = RecordPosition &
  ({ readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string });

/** Records that were read together. */
export interface RecordBatch {
  readonly records: readonly InputRecord[];
  /** Bytes of the file read so far. */
  readonly bytesRead: number;
}

/**
 * Reads a file, or stdin for `-`. A `.json` file contains one event or an array, any other one event per line. An invalid line
 * is also a record. Rejects with `CliError` if the file cannot be read, and ends at an interruption.
 */
export async function* readRecords(io: CliIo, file: string): AsyncGenerator<RecordBatch, void, void> {
  try {
    yield* readOne(io, file);
  } catch (thrown) {
    if (!io.signal.aborted) throw thrown;
  }
}

/** Returns the total size of files in bytes, or `undefined` if one of them is a stream. */
export async function sizeOfAll(io: CliIo, files: readonly string[]): Promise<number | undefined> {
  let size = 0;
  for (const file of files) {
    const stats = file === "-" ? undefined : await stat(resolve(io.cwd, file)).catch(() => undefined);
    if (stats?.isFile() !== true) return undefined;
    size += stats.size;
  }
  return size;
}

async function* readOne(io: CliIo, file: string): AsyncGenerator<RecordBatch, void, void> {
  if (file === "-") return yield* ndjson(addAbortSignal(io.signal, io.stdin.stream), "stdin");
  if (extname(file).toLowerCase() === ".json") {
    const text = await readTextFile(io, file);
    return yield { records: wholeFile(text, file), bytesRead: Buffer.byteLength(text) };
  }
  const stream = createReadStream(resolve(io.cwd, file), { highWaterMark: 262_144, signal: io.signal });
  try {
    yield* ndjson(stream, file);
  } catch (thrown) {
    throw io.signal.aborted ? thrown : unreadable(file, thrown);
  }
}

async function* ndjson(stream: Readable, from: string): AsyncGenerator<RecordBatch, void, void> {
  let number = 0;
  let bytesRead = 0;
  for await (const lines of readLines(stream)) {
    const records: InputRecord[] = [];
    for (const line of lines) {
      number += 1;
      bytesRead += (line?.length ?? 0) + 1;
      const record = parseLine(line, { from, line: number });
      if (record !== undefined) records.push(record);
    }
    yield { records, bytesRead };
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Returns `undefined` for a blank line. */
function parseLine(line: Buffer | undefined, position: RecordPosition): InputRecord | undefined {
  if (line === undefined)
    return { ...position, ok: false, problem: "the line is longer than 8 MiB, the limit for an event" };
  let text: string;
  try {
    text = utf8.decode(line);
  } catch {
    return { ...position, ok: false, problem: "the line is not UTF-8" };
  }
  return text.trim() === "" ? undefined : parseJson(text, position);
}

/** What JSON.parse would change in silence is a problem: an event is published as it was written. */
function parseJson(text: string, position: RecordPosition): InputRecord {
  const parsed = parsedJson(text, position);
  const [loss] = parsed.ok ? findLosses(text) : [];
  return loss === undefined ? parsed : { ...position, ok: false, problem: loss.problem };
}

function parsedJson(text: string, position: RecordPosition): InputRecord {
  try {
    return { ...position, ok: true, value: JSON.parse(text) };
  } catch (thrown) {
    return { ...position, ok: false, problem: `not JSON: ${messageOf(thrown)}` };
  }
}

function wholeFile(text: string, from: string): InputRecord[] {
  const whole = parsedJson(text, { from, line: 1 });
  if (!whole.ok || !Array.isArray(whole.value)) return [whole.ok ? parseJson(text, { from, line: 1 }) : whole];
  const problems = new Map(
    findLosses(text)
      .toReversed()
      .map(({ path: [index], problem }) => [index, problem] as const),
  );
  return whole.value.map((value: unknown, index) => {
    const problem = problems.get(index);
    const position = { from, line: index + 1 };
    return problem === undefined ? { ...position, ok: true, value } : { ...position, ok: false, problem };
  });
}
