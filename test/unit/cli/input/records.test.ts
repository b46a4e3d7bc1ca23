import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { type InputRecord, readRecords } from "../../../../lib/cli/input/records.ts";
import { testIo } from "../test-io.ts";

async function read(stdin: Buffer | string): Promise<InputRecord[]> {
  const { io } = testIo("/", { stdin: Readable.from([stdin]) });
  const records: InputRecord[] = [];
  for await (const batch of readRecords(io, "-")) records.push(...batch.records);
  return records;
}

test("blank lines and CRLF are accepted, and line numbers count blank lines", async () => {
  expect(await read('\ufeff{"a":1}\r\n\r\n  \n[2]\r\n')).toEqual([
    { from: "stdin", line: 1, ok: true, value: { a: 1 } },
    { from: "stdin", line: 4, ok: true, value: [2] },
  ]);
});

test("a line that is not UTF-8 is refused, not converted", async () => {
  expect(await read(Buffer.from([0x22, 0xc3, 0x28, 0x22, 0x0a, 0x31, 0x0a]))).toEqual([
    { from: "stdin", line: 1, ok: false, problem: "the line is not UTF-8" },
    { from: "stdin", line: 2, ok: true, value: 1 },
  ]);
});
