import type { Readable } from "node:stream";

/** An event of 1 MiB is shorter than this even if every character is escaped. A longer line is not kept in memory. */
const maxLineBytes = 8 * 1_048_576;

const newline = 0x0a;

/**
 * Yields the lines of a stream without their newlines, all that are available at a time, so that the line of a slow writer
 * does not wait for the next one. `undefined` represents a line that is too long to be an event.
 */
export async function* readLines(stream: Readable): AsyncGenerator<(Buffer | undefined)[], void, void> {
  let parts: Buffer[] = [];
  let length = 0;
  const take = () => {
    const line = length > maxLineBytes ? undefined : Buffer.concat(parts);
    parts = [];
    length = 0;
    return line;
  };
  const add = (part: Buffer) => {
    length += part.length;
    if (length > maxLineBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  for await (const chunk of stream) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    const lines: (Buffer | undefined)[] = [];
    let from = 0;
    for (let at = bytes.indexOf(newline); at >= 0; at = bytes.indexOf(newline, from)) {
      add(bytes.subarray(from, at));
      lines.push(take());
      from = at + 1;
    }
    add(bytes.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (length > 0) yield [take()];
}
