import type { Event } from "../../event/event.ts";
import type { CliIo, CliOutput } from "../io.ts";
import { eventLine } from "../output/event-line.ts";
import { plural, printable } from "../output/text.ts";
import { formatElapsed } from "../output/time.ts";
import { LiveLine } from "./live-line.ts";
import { renderSummary, summaryText, toned } from "./render-summary.ts";
import type { NoteLevel, Report, RunPlan, RunSummary } from "./report.ts";
import type { FailedStep, Step } from "./steps.ts";
import type { ReportLine, ReportView } from "./view.ts";

/** For a person: what matters as lines, the rest as one line that changes where stderr is a terminal. */
export class TextReport<Plan extends object, Result> implements Report {
  readonly #io: CliIo;
  readonly #view: ReportView<Plan, Result>;
  readonly #waggle: string;
  readonly #live: LiveLine | undefined;
  readonly #out: CliOutput;
  #events = 0;
  #dead = 0;
  #running: readonly string[] = [];

  /** `waggle`: how a hint begins a command line. */
  constructor(io: CliIo, view: ReportView<Plan, Result>, waggle: string) {
    this.#io = io;
    this.#view = view;
    this.#waggle = waggle;
    this.#live = io.stderr.isTTY ? new LiveLine(io.stderr) : undefined;
    this.#out = this.#live?.output ?? io.stdout;
  }

  starting(functions: readonly string[]): void {
    if (functions.length === 0) return;
    this.#line({ text: `${plural(functions.length, "function")} at work: ${functions.join(", ")}` });
  }

  planned(plan: RunPlan & Plan): void {
    const { imports, leftOver } = plan;
    for (const { file, subscriptions } of imports) {
      const count = plural(subscriptions.length, "subscription");
      this.#line({ text: `${count} of ${file} at work: ${subscriptions.join(", ")}` });
    }
    if (leftOver > 0) {
      this.#line({ text: `${plural(leftOver, "delivery", "deliveries")} left by an earlier run: going on` });
    }
    for (const line of this.#view.plan?.(plan) ?? []) this.#line(line);
  }

  async event(event: Event): Promise<void> {
    this.#events += 1;
    if (this.#view.event === undefined) this.#out.write(eventLine(this.#out, event));
    else this.#line(this.#view.event(event, this.#live !== undefined));
    this.#refresh();
    await this.#out.drained();
  }

  handled(step: Step): void {
    if (this.#view.handled !== undefined) this.#line(this.#view.handled(step));
    else {
      const { subscription, what, durationMs } = step;
      this.#line({
        label: "done",
        tone: "good",
        text: `in ${subscription}: ${what}`,
        note: `, ${formatElapsed(durationMs)}`,
      });
    }
  }

  failed({ subscription, what, attempt, message, dead }: FailedStep): void {
    if (dead) this.#dead += 1;
    const about = message.includes(what) ? "" : `${what}: `;
    const next = dead ? "" : ` (attempt ${attempt}; it is tried again)`;
    this.#line({
      label: dead ? "dead" : "failed",
      tone: dead ? "bad" : "warning",
      text: `in ${subscription}: ${about}${message}${next}`,
    });
    this.#refresh();
  }

  running(what: readonly string[]): void {
    this.#running = what;
    this.#refresh();
  }

  note(level: NoteLevel, message: string): void {
    if (level === "info") this.#line({ text: message });
    else this.#line({ label: `${level}:`, tone: level === "warning" ? "warning" : "bad", text: message });
  }

  print(text: string): void {
    this.#out.write(text);
  }

  finished(summary: RunSummary, result: Result): void {
    this.#live?.end();
    const text = this.#view.summary?.(summary, result) ?? summaryText(summary);
    this.#io.stdout.write(renderSummary(this.#io.stdout, summary, text, this.#waggle));
  }

  stopping(running: number): void {
    if (running === 0) return;
    this.#live?.end();
    this.#io.stderr.write(`${plural(running, "handler")} may finish; Ctrl-C again ends at once\n`);
  }

  interrupted({ deliveries, kept }: { deliveries: number; kept: boolean }): void {
    this.#live?.end();
    const usual = deliveries > 0 ? `${plural(deliveries, "delivery", "deliveries")} left` : undefined;
    const left = this.#view.left === undefined ? usual : this.#view.left();
    const next = kept ? "; run it again and it goes on where it stopped" : "; the memory engine keeps nothing";
    this.#io.stderr.write(`interrupted: ${printable(left ?? "stopped")}${next}\n`);
  }

  #line(line: ReportLine | undefined): void {
    if (line === undefined) return;
    const { label, tone, text = "", note = "" } = line;
    const start = label === undefined ? "" : `${toned(this.#out, printable(label), tone)} `;
    this.#out.write(`${start}${printable(text)}${toned(this.#out, printable(note), "dim")}\n`);
  }

  #refresh(): void {
    if (this.#live === undefined) return;
    const [first] = this.#running;
    const parts = [
      this.#view.status?.(),
      plural(this.#events, "event"),
      this.#dead === 0 ? undefined : `${this.#dead} dead`,
      first === undefined ? undefined : printable(first),
    ];
    this.#live.show(parts.filter((part) => part !== undefined).join(" · "));
  }
}
