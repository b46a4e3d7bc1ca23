import type { PatternExplanation, PatternMismatch } from "../../pattern/index.ts";
import type { InputRecord } from "../input/records.ts";
import type { CliIo } from "../io.ts";
import { renderTable } from "./table.ts";
import { plural, printable, printableLines } from "./text.ts";

/** Unreadable input that is named; the rest is counted. */
const namedProblems = 5;

/** What a pattern made of several events. Keeps counts, not the events. */
export class PatternResults {
  /** All events, and those that match. */
  total = 0;
  matching = 0;
  /** Input that is no JSON. */
  unreadable = 0;
  readonly problems: string[] = [];
  /** By field: how many events it kept out, and the first of its mismatches. */
  readonly fields = new Map<string, { count: number; first: PatternMismatch }>();
  /** Of the first event. */
  first: PatternExplanation | undefined;

  /** `explanation` is absent where the record is unreadable. */
  add(record: InputRecord, explanation: PatternExplanation | undefined): void {
    if (!record.ok || explanation === undefined) {
      this.unreadable += 1;
      const problem = record.ok ? "" : record.problem;
      if (this.problems.length < namedProblems) this.problems.push(`${record.from}:${record.line}: ${problem}`);
      return;
    }
    this.total += 1;
    this.first ??= explanation;
    if (explanation.matches) this.matching += 1;
    for (const mismatch of explanation.mismatches) {
      const field = this.fields.get(mismatch.path);
      if (field === undefined) this.fields.set(mismatch.path, { count: 1, first: mismatch });
      else field.count += 1;
    }
  }

  /** Whether there was an event, all could be read, and all match. */
  get allMatch(): boolean {
    return this.total > 0 && this.matching === this.total && this.unreadable === 0;
  }
}

/** One event: why. Several: how many match, and which fields kept the others out. */
export function renderPatternResults(io: CliIo, results: PatternResults): string {
  const { red, green, bold } = io.stdout.colors;
  const { total, matching, unreadable, first } = results;
  const problems = results.problems.map((problem) => `${red("✗")} ${printable(problem)}\n`);
  if (unreadable > results.problems.length) problems.push(`  and ${unreadable - results.problems.length} more\n`);
  if (total === 0 || first === undefined) return `${problems.join("")}no event to match\n`;
  const mark = matching === total ? green("✓") : red("✗");
  if (total === 1) return `${problems.join("")}${mark} ${printableLines(first.text)}\n`;
  const head = `${mark} ${bold(`${matching.toLocaleString("en-US")} of ${plural(total, "event")} match`)}\n`;
  return `${problems.join("")}${head}${renderFieldCounts(io, results)}`;
}

function renderFieldCounts(io: CliIo, { fields }: PatternResults): string {
  if (fields.size === 0) return "";
  const { bold, dim } = io.stdout.colors;
  const rows = [...fields.values()].sort((one, other) => other.count - one.count);
  const table = renderTable(
    io.stdout,
    [
      { title: "  FIELD", text: ({ first }) => `  ${printable(first.path)}`, style: bold },
      { title: "KEPT OUT", text: ({ count }) => count.toLocaleString("en-US"), align: "right" },
      { title: "EXPECTED", text: ({ first }) => printable(first.expected) },
      { title: "FOUND, FOR EXAMPLE", text: ({ first }) => printable(first.found), style: dim, flexible: true },
    ],
    rows,
  );
  return `\n${table}`;
}
