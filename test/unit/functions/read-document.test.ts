import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cut } from "../../../functions/_shared/cut.ts";
import { digestOf } from "../../../functions/_shared/document.ts";
import { BrokenDocumentError, parseDocumentText, readDocument } from "../../../functions/readers/read-document.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("parseDocumentText", () => {
  test("returns the first heading as title, the first paragraph as summary, and the words and bytes of the whole", () => {
    const text = "---\n\n```\n# no\n```\n\n## Hives \n\nBees live\nin hives.\n\nMore – é.";
    expect(parseDocumentText("docs/a.md", bytes(text))).toEqual({
      digest: digestOf(text),
      text,
      truncated: false,
      title: "Hives",
      summary: "Bees live in hives.",
      words: 8,
      bytes: bytes(text).length,
    });
  });

  test("returns the file name as title without a heading, and ignores a byte order mark", () => {
    const reading = parseDocumentText("docs/plain.txt", bytes("\ufeffJust text."));
    expect(reading).toMatchObject({ title: "plain.txt", summary: "Just text.", text: "Just text." });
  });

  test("truncates a text above 64,000 characters between characters, and marks it", () => {
    const reading = parseDocumentText("a.md", bytes(`${"x".repeat(63_999)}😀`));
    expect(reading.truncated).toBe(true);
    expect(reading.text).toHaveLength(63_999);
  });

  test.each([
    ["a.md", Uint8Array.of(97, 10, 10, 0xe9, 10), "a.md: line 3 is not UTF-8; save the file as UTF-8, then redrive"],
    ["a.md", Uint8Array.of(97, 0xc3), "a.md: line 1 is not UTF-8"],
    ["a.json", bytes('{"a":1'), "a.json is not JSON (Expected ',' or '}' after property value); fix it"],
    ["a.jsonl", bytes('{"a":1}\n\n[1,\n'), "a.jsonl: line 3 is not JSON (Unexpected end of JSON input); fix it"],
    ["a.ndjson", bytes("{}\n{]\n"), "a.ndjson: line 2 is not JSON"],
  ])("%s that is broken names the line and the fix", (path, content, message) => {
    expect(() => parseDocumentText(path, content)).toThrow(BrokenDocumentError);
    expect(() => parseDocumentText(path, content)).toThrow(message);
  });

  test("does not parse JSON in another kind of file", () => {
    expect(parseDocumentText("a.md", bytes('{"a":1')).words).toBe(2);
  });
});

describe("readDocument", () => {
  let folder = "";
  let remove = async () => {};
  beforeEach(async () => {
    ({ path: folder, remove } = await temporaryDirectory());
  });
  afterEach(() => remove());

  test("returns the current contents of the file", async () => {
    await writeFile(join(folder, "a.md"), "# One");
    expect((await readDocument(join(folder, "a.md"))).title).toBe("One");
  });

  test("reports a missing file and a folder as broken, with the fix", async () => {
    await expect(readDocument(join(folder, "a.md"))).rejects.toThrow(
      /a\.md no longer exists; restore it and redrive, or discard/,
    );
    await mkdir(join(folder, "b"));
    await expect(readDocument(join(folder, "b"))).rejects.toThrow(BrokenDocumentError);
  });

  test.skipIf(process.getuid?.() === 0)("reports a file without permission as broken", async () => {
    await writeFile(join(folder, "a.md"), "# One");
    await chmod(join(folder, "a.md"), 0);
    await expect(readDocument(join(folder, "a.md"))).rejects.toThrow(/cannot be read; change its permissions/);
  });

  test("does not report an abort as a broken document", async () => {
    await writeFile(join(folder, "a.md"), "# One");
    const reading = readDocument(join(folder, "a.md"), AbortSignal.abort());
    await expect(reading).rejects.not.toBeInstanceOf(BrokenDocumentError);
  });
});

test("cut never splits a surrogate pair", () => {
  expect(cut("ab😀", 3)).toBe("ab");
  expect(cut("ab😀", 4)).toBe("ab😀");
  expect(cut("abc", 2)).toBe("ab");
});
