import { Readable } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readLines } from "../../../../lib/cli/input/lines.ts";

async function linesOf(chunks: (string | Buffer)[]): Promise<(string | undefined)[]> {
  const lines: (string | undefined)[] = [];
  for await (const batch of readLines(Readable.from(chunks)))
    lines.push(...batch.map((line) => line?.toString("utf8")));
  return lines;
}

test("lines do not depend on how the bytes are split into chunks", async () => {
  const line = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\n"));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1 }), fc.array(fc.nat({ max: 7 })), async (lines, cuts) => {
      let bytes = Buffer.from(`${lines.join("\n")}\n`);
      const chunks: Buffer[] = [];
      for (const cut of cuts) {
        chunks.push(bytes.subarray(0, cut));
        bytes = bytes.subarray(cut);
      }
      expect(await linesOf([...chunks.filter((chunk) => chunk.length > 0), bytes])).toEqual(lines);
    }),
    { numRuns: 100 },
  );
});

test("the last line needs no newline, and there is no extra empty line", async () => {
  expect(await linesOf(["a\nb"])).toEqual(["a", "b"]);
  expect(await linesOf(["a\n", "b\n"])).toEqual(["a", "b"]);
  expect(await linesOf([])).toEqual([]);
});

test("a line above 8 MiB is dropped, but the next one is not", async () => {
  const part = "x".repeat(1_048_576);
  expect(await linesOf([...Array.from({ length: 9 }, () => part), "\nnext\n"])).toEqual([undefined, "next"]);
});

test("a line is available as soon as it is complete", async () => {
  const stream = new Readable({ read: () => {} });
  const lines = readLines(stream);
  stream.push("one\nhal");
  expect((await lines.next()).value?.map(String)).toEqual(["one"]);
  stream.push("f\n");
  expect((await lines.next()).value?.map(String)).toEqual(["half"]);
});
