import type { CliOutput } from "../io.ts";
import { displayWidth, truncate } from "./text.ts";

/** One column of a table. */
export interface Column<Row> {
  /** Empty for none. */
  title: string;
  /** Plain text; `printable` where others wrote it. */
  text: (row: Row) => string;
  align?: "right";
  /** Colours the padded cell. */
  style?: (text: string, row: Row) => string;
  /** May be cut where the terminal is too narrow; at most one column. */
  flexible?: boolean;
}

const gap = "  ";
/** Below it a flexible column says nothing. */
const leastFlexible = 12;

/**
 * Aligned columns with a title line. On a terminal the flexible column is cut to the width, or left out where it could not
 * say anything; elsewhere nothing is cut, so that what is piped on is whole.
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
    const wanted = widths[flexible] ?? 0;
    if (room < Math.min(leastFlexible, wanted)) return renderTable(output, columns.toSpliced(flexible, 1), rows);
    widths[flexible] = Math.min(wanted, room);
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
      // No trailing blanks: they wrap on a terminal that is just as wide.
      const last = index === columns.length - 1 && column.align !== "right";
      return style(column.align === "right" ? padding + text : last ? text : text + padding, column);
    })
    .join(gap)
    .trimEnd();
}
