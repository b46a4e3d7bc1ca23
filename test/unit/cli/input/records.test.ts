import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { type InputRecord, readRecords } from "../../../../lib/cli/input/records.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";
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

test("a line that parsing would change is refused with its number, and so is an item of a .json file", async () => {
  const problem = (path: string) =>
    `${path} is 9007199254740990.4, which would become 9007199254740990; round it, or write it as a string`;
  expect(await read('{"a":1}\n{"a":9007199254740990.4}\n{"a":1e300}\n{"a":1,"a":2}\n')).toEqual([
    { from: "stdin", line: 1, ok: true, value: { a: 1 } },
    { from: "stdin", line: 2, ok: false, problem: problem("a") },
    { from: "stdin", line: 3, ok: true, value: { a: 1e300 } },
    {
      from: "stdin",
      line: 4,
      ok: false,
      problem: 'the value has the key "a" twice, and only the last would count; remove one',
    },
  ]);
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  await writeFile(join(path, "events.json"), '[{"a":1},{"a":9007199254740990.4,"a":1e400},2]');
  await writeFile(join(path, "event.json"), '{"a":9007199254740990.4}');
  const records: InputRecord[] = [];
  for (const file of ["events.json", "event.json"]) {
    for await (const batch of readRecords(testIo(path, {}).io, file)) records.push(...batch.records);
  }
  expect(records).toEqual([
    { from: "events.json", line: 1, ok: true, value: { a: 1 } },
    { from: "events.json", line: 2, ok: false, problem: problem("[1].a") },
    { from: "events.json", line: 3, ok: true, value: 2 },
    { from: "event.json", line: 1, ok: false, problem: problem("a") },
  ]);
});
