import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workspace } from "../test-io.ts";

const pattern = '{"data":{"kind":["document"],"size":[{"numeric":["<",100]}]}}';
const event = (kind: string, size: number) => JSON.stringify({ data: { kind, size } });

test("one event that matches", async () => {
  const { code, out } = await workspace().waggle(["pattern", "test", pattern, event("document", 5)]);
  expect(out).toBe("✓ The pattern matches.\n");
  expect(code).toBe(0);
});

test("one that does not: which field, and why", async () => {
  const { code, out } = await workspace().waggle(["pattern", "test", pattern, event("image", 500)]);
  expect(out).toBe(
    '✗ The pattern does not match:\n  data.kind: expected "document"; found "image"\n  data.size: expected a number < 100; found 500\n',
  );
  expect(code).toBe(1);
});

test("several: how many match, and what kept the others out", async () => {
  const { waggle, cwd } = workspace();
  writeFileSync(join(cwd, "pattern.json"), pattern);
  writeFileSync(join(cwd, "events.ndjson"), [event("document", 1), event("image", 1), event("image", 500)].join("\n"));
  const { code, out } = await waggle(["pattern", "test", "@pattern.json", "@events.ndjson"]);
  expect(out.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
    ["✗ 1 of 3 events match"],
    [""],
    ["FIELD", "KEPT OUT", "EXPECTED", "FOUND, FOR EXAMPLE"],
    ["data.kind", "2", '"document"', '"image"'],
    ["data.size", "1", "a number < 100", "500"],
    [""],
  ]);
  expect(code).toBe(1);
});

test("from stdin, as JSON, bad lines included", async () => {
  const stdin = `${event("document", 1)}\n{oops\n${event("image", 1)}\n`;
  const { code, json } = await workspace().waggle(["pattern", "test", pattern, "--json"], { stdin });
  expect(json).toEqual([
    { from: "stdin", line: 1, ok: true, matches: true, mismatches: [] },
    { from: "stdin", line: 2, ok: false, problem: expect.stringContaining("not JSON") },
    { from: "stdin", line: 3, ok: true, matches: false, mismatches: [expect.objectContaining({ path: "data.kind" })] },
  ]);
  expect(code).toBe(1);
});

test("no event at all is no match", async () => {
  const { code, out } = await workspace().waggle(["pattern", "test", pattern]);
  expect(out).toBe("no event to match\n");
  expect(code).toBe(1);
});

test("an invalid pattern names the place", async () => {
  const { code, err } = await workspace().waggle(["pattern", "test", '{"data":{"kind":"document"}}', "{}"]);
  expect(err).toMatch(/^invalid_pattern: .*data\.kind/);
  expect(code).toBe(1);
});
