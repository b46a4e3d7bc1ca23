import { expect, test } from "vitest";
import { renderTable } from "../../../../lib/cli/output/table.ts";
import { testIo } from "../test-io.ts";

const rows = [
  { name: "short", count: 7, text: "some words that go on" },
  { name: "日本", count: 1_234, text: "" },
];
const columns = [
  { title: "NAME", text: (row: (typeof rows)[number]) => row.name },
  { title: "COUNT", text: (row: (typeof rows)[number]) => String(row.count), align: "right" as const },
  { title: "TEXT", text: (row: (typeof rows)[number]) => row.text, flexible: true },
];

test("columns are aligned by display width, without trailing blanks", () => {
  const { stdout } = testIo("/", { columns: 20 });
  expect(renderTable(stdout, columns, rows)).toBe(
    "NAME   COUNT  TEXT\nshort      7  some words that go on\n日本    1234\n",
  );
});

test("on a terminal the flexible column is truncated to the width", () => {
  const { stdout } = testIo("/", { columns: 27, tty: true });
  expect(renderTable(stdout, columns, rows)).toBe("NAME   COUNT  TEXT\nshort      7  some words t…\n日本    1234\n");
});

test("the flexible column is omitted on a terminal without room for it", () => {
  const { stdout } = testIo("/", { columns: 20, tty: true });
  expect(renderTable(stdout, columns, rows)).toBe("NAME   COUNT\nshort      7\n日本    1234\n");
});

test("a table without titles has no title line", () => {
  const { stdout } = testIo("/", {});
  expect(renderTable(stdout, [{ title: "", text: (row: number) => String(row) }], [1, 2])).toBe("1\n2\n");
});
