import type { CliOutput } from "../io.ts";
import { displayWidth, truncate } from "./text.ts";

/** One column of a table. */
export interface Column<Row> {
  /** An empty string for no title. */
  title: string;
  /** Returns plain text; untrusted text must be passed through `printable`. */
  text: (row: Row) => string;
  align?: "right";
  /** Colours the padded cell. */
  style?: (text: string, row: Row) => string;
  /** Whether the column may be truncated on a narrow terminal; at most one column. */
  flexible?: boolean;
}

const gap = "  ";
/** The flexible column is omitted if it would be narrower than this. */
const minFlexibleWidth = 12;

/**
 * Renders aligned columns with a title line. On a terminal the flexible column is truncated to the width, or omitted if there
 * is no room for it. On other outputs nothing is truncated, so that piped output is complete.
 */
export function renderTable<Row>(output: CliOutput, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => column.text(row)));
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.title), ...cells.map((line) => displayWidth(line[index] ?? ""))),
  );
  const flexible = columns.findIndex((column) => column.flexible === true);
  if (flexible >= 0 && output.isTTY) {
    const others = widths.reduce((sum, width, index) => (index === flexible ? sum : sum + width + gap.length), 0);
    const room = output.columns - others;
    const fullWidth = widths[flexible] ?? 0;
    if (room < Math.min(minFlexibleWidth, fullWidth)) return renderTable(output, columns.toSpliced(flexible, 1), rows);
    widths[flexible] = Math.min(fullWidth, room);
  }
  const lines = cells.map((line, row) =>
    renderLine(columns, widths, line, (text, column) => {
      const source = rows[row];
      return column.style === undefined || source === undefined ? text : column.style(text, source);
    }),
  );
  if (columns.some((column) => column.title !== "")) {
    const titles = columns.map((column) => column.title);
    lines.unshift(renderLine(columns, widths, titles, (text) => output.colors.dim(text)));
  }
  return lines.map((line) => `${line}\n`).join("");
}

function renderLine<Row>(
  columns: readonly Column<Row>[],
  widths: readonly number[],
  cells: readonly string[],
  style: (text: string, column: Column<Row>) => string,
): string {
  return columns
    .map((column, index) => {
      const width = widths[index] ?? 0;
      const text = truncate(cells[index] ?? "", width);
      const padding = " ".repeat(width - displayWidth(text));
      // Trailing blanks would wrap on a terminal of exactly this width.
      const last = index === columns.length - 1 && column.align !== "right";
      return style(column.align === "right" ? padding + text : last ? text : text + padding, column);
    })
    .join(gap)
    .trimEnd();
}
