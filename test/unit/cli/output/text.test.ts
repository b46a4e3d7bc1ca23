import * as fc from "fast-check";
import { expect, test } from "vitest";
import { formatBytes } from "../../../../lib/cli/output/bytes.ts";
import { dataDigest } from "../../../../lib/cli/output/data-digest.ts";
import { toJson } from "../../../../lib/cli/output/json.ts";
import { displayWidth, plural, printable, printableLines, truncate } from "../../../../lib/cli/output/text.ts";

test("printable escapes control characters, and printableLines keeps line breaks", () => {
  expect(printable("a\u001b[31mb\u009b2Jc\nd\u202ee")).toBe("a\\u001b[31mb\\u009b2Jc\\nd\\u202ee");
  expect(printableLines("a\r\n\tb\u0007")).toBe("a\n  b\\u0007");
});

test("toJson is safe for a terminal and preserves the value", async () => {
  await fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const json = toJson({ text });
      expect(json).toBe(printable(json));
      expect(JSON.parse(json)).toEqual({ text: JSON.parse(JSON.stringify(text)) });
    }),
  );
});

test("toJson escapes characters that a terminal acts on", () => {
  expect(toJson("\u009b2J\u202e\u007f")).toBe('"\\u009b2J\\u202e\\u007f"');
});

test("displayWidth counts two columns for wide characters, and none for marks and colours", () => {
  expect(displayWidth("abc")).toBe(3);
  expect(displayWidth("日本")).toBe(4);
  expect(displayWidth("e\u0301")).toBe(1);
  expect(displayWidth("\u001b[31mred\u001b[39m")).toBe(3);
});

test("truncate returns a string that fits, and keeps one that already does", async () => {
  await fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat({ max: 40 }), (text, columns) => {
      const cut = truncate(text, columns);
      expect(displayWidth(cut)).toBeLessThanOrEqual(columns);
      if (displayWidth(text) <= columns) expect(cut).toBe(text);
      else if (columns > 0) expect(cut.endsWith("…")).toBe(true);
    }),
  );
  expect(truncate("日本語", 4)).toBe("日…");
});

test("plural and formatBytes format counts and sizes", () => {
  expect([plural(1, "event"), plural(1234, "event"), plural(0, "delivery", "deliveries")]).toEqual([
    "1 event",
    "1,234 events",
    "0 deliveries",
  ]);
  expect([812, 1_024, 1_363_149, 1_048_576, 2 ** 41].map(formatBytes)).toEqual([
    "812 B",
    "1.0 KiB",
    "1.3 MiB",
    "1.0 MiB",
    "2.0 TiB",
  ]);
});

test("dataDigest summarizes data on one line", () => {
  expect(dataDigest({ taskId: "task-12", title: "Read the notes", n: 3, list: [1, 2], x: "\u001b" })).toBe(
    'taskId=task-12 title="Read the notes" n=3 list=an array of 2 x="\\u001b"',
  );
});
