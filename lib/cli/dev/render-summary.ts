import type { CliOutput } from "../io.ts";
import { type Column, renderTable } from "../output/table.ts";
import { plural, printable } from "../output/text.ts";
import { formatElapsed } from "../output/time.ts";
import type { DeadStep, RunSummary } from "./report.ts";
import type { ReportCell, ReportSection, ReportTone, SummaryText } from "./view.ts";

/** Dead letters shown whole; `dlq list` shows the rest. */
const deadShown = 5;

const usual: NonNullable<SummaryText["next"]> = [
  ["history --limit 5", "what was recorded last"],
  ["stats", "all events by type"],
  ["subscriptions", "who listens to what"],
];

/** What a summary says where no view says it. */
export function summaryText({ handled, failed, deadLetters, durationMs }: RunSummary): SummaryText {
  const did = handled === 0 ? "Nothing was handled" : `Handled ${plural(handled, "delivery", "deliveries")}`;
  const failures = failed === 0 ? "" : `; ${plural(failed, "failed attempt")}`;
  const dead = deadLetters.length === 0 ? "" : `; ${plural(deadLetters.length, "dead letter")}`;
  return { headline: `${did} in ${formatElapsed(durationMs)}${failures}${dead}.` };
}

/** The summary as a person reads it: what was done, what needs a hand, where to look further. */
export function renderSummary(output: CliOutput, summary: RunSummary, text: SummaryText, waggle: string): string {
  const { events, slowest, deadLetters } = summary;
  const { bold } = output.colors;
  const section = (title: string, body: string) => `${bold(title)}\n${body.replaceAll(/^(?=.)/gm, "  ")}`;
  const counts = Object.entries(events).map(([type, count]) => [count.toLocaleString("en-US"), type]);
  const steps = slowest.map(({ durationMs, subscription, what }) => [formatElapsed(durationMs), subscription, what]);
  const tables: ReportSection[] = [
    ...(text.sections ?? []),
    { title: "Events", rows: counts, right: [0] },
    { title: "Slowest steps", rows: steps, right: [0], flexible: 2 },
  ];
  const next = (text.next ?? usual).map(([command, says]) => [`${waggle} ${command}`, dim(says)]);
  return [
    `${bold(printable(text.headline))}\n`,
    ...tables.filter(({ rows }) => rows.length > 0).map((table) => section(table.title, renderRows(output, table))),
    ...(deadLetters.length === 0 ? [] : [section("Dead letters", renderDead(output, deadLetters, text, waggle))]),
    section("Look further", renderRows(output, { title: "", rows: next })),
  ]
    .map((part) => `\n${part}`)
    .join("");
}

/** Colours a text; as it is where no tone is given. */
export function toned({ colors }: CliOutput, text: string, tone: ReportTone | undefined): string {
  const styles = { good: colors.green, warning: colors.yellow, bad: colors.red, dim: colors.dim };
  return tone === undefined || text === "" ? text : styles[tone](text);
}

function renderRows(output: CliOutput, { rows, right = [], flexible }: ReportSection): string {
  const width = Math.max(...rows.map((row) => row.length));
  const columns = Array.from({ length: width }, (_, index): Column<readonly ReportCell[]> => {
    return {
      title: "",
      text: (row) => printable(textOf(row[index] ?? "")),
      style: (text, row) => toned(output, text, toneOf(row[index] ?? "")),
      ...(right.includes(index) ? { align: "right" } : {}),
      ...(index === flexible ? { flexible: true } : {}),
    };
  });
  return renderTable(output, columns, rows);
}

function renderDead(
  { colors }: CliOutput,
  deadLetters: readonly DeadStep[],
  { fix = "once the cause is fixed:" }: SummaryText,
  waggle: string,
): string {
  const shown = deadLetters.slice(0, deadShown).map(({ id, subscription, what, message }) => {
    const about = message.includes(what) ? "" : `${printable(what)}: `;
    return `${colors.red(subscription)} ${about}${printable(message)}\n  ${waggle} dlq show ${id}\n`;
  });
  const more = deadLetters.length - deadShown;
  if (more > 0) shown.push(`and ${plural(more, "more", "more")}: ${waggle} dlq list\n`);
  const [first] = deadLetters;
  const which = deadLetters.length === 1 && first !== undefined ? first.id : "--all";
  return `${shown.join("")}${colors.dim(printable(fix))} ${waggle} dlq redrive ${which}\n`;
}

function dim(text: string): ReportCell {
  return { text, tone: "dim" };
}

function textOf(cell: ReportCell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function toneOf(cell: ReportCell): ReportTone | undefined {
  return typeof cell === "string" ? undefined : cell.tone;
}
