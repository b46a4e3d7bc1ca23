import * as z from "zod";
import type { Event } from "../../event/event.ts";
import type { CliIo, CliOutput } from "../io.ts";
import { plural, printable } from "../output/text.ts";
import { pathOf, toWorkflow } from "./ledger.ts";
import { LiveLine } from "./live-line.ts";
import { renderSummary } from "./render-summary.ts";
import type { Plan, Reporter, Summary } from "./report.ts";
import type { FailedStep } from "./steps.ts";

const resultSchema = z.looseObject({
  agentId: z.string().default("somebody"),
  result: z.looseObject({ words: z.number().optional(), gaveWayTo: z.string().optional() }).optional(),
});
const conflictSchema = z.looseObject({ resource: z.string(), resolution: z.string().default("one gives way") });
const completedSchema = z.looseObject({
  output: z.looseObject({ documents: z.number(), read: z.number(), gaveWay: z.number() }),
});

/** Skipped files named one by one; more are counted. */
const skippedShown = 5;

/** For a person: what matters as lines, the rest as one line that changes where stderr is a terminal. */
export class TextReporter implements Reporter {
  readonly #io: CliIo;
  readonly #waggle: string;
  readonly #live: LiveLine | undefined;
  readonly #out: CliOutput;
  readonly #roots = new Map<string, string>();
  #announced = 0;
  #ended = 0;
  #events = 0;
  #dead = 0;
  #running: readonly string[] = [];

  constructor(io: CliIo, waggle: string) {
    this.#io = io;
    this.#waggle = waggle;
    this.#live = io.stderr.isTTY ? new LiveLine(io.stderr) : undefined;
    this.#out = this.#live?.output ?? io.stdout;
  }

  planned(plan: Plan): void {
    const { dim, yellow } = this.#out.colors;
    this.#line(`${plural(plan.functions.length, "function")} at work: ${plan.functions.join(", ")}`);
    for (const { root, found, fresh } of plan.roots) {
      const known = found - fresh;
      const rest = known === 0 ? "" : dim(`, ${known.toLocaleString("en-US")} known`);
      this.#line(
        found === 0
          ? `${printable(root)}: no documents`
          : fresh === 0
            ? `${printable(root)}: nothing new${rest}`
            : `${printable(root)}: ${plural(fresh, "document")} to read${rest}`,
      );
    }
    for (const { path, why } of plan.skipped.slice(0, skippedShown)) {
      this.#line(dim(`skipped ${printable(path)}: ${why}`));
    }
    const more = plan.skipped.length - skippedShown;
    if (more > 0) this.#line(dim(`skipped ${plural(more, "more file")}; --json names them all`));
    if (plan.leftOver > 0)
      this.#line(`${plural(plan.leftOver, "delivery", "deliveries")} left by an earlier run: going on`);
    for (const path of plan.fixed) this.#line(`${printable(path)} was changed since it failed: redriven`);
    if (plan.unannounced !== undefined) {
      this.#line(`${yellow("warning:")} ${plan.unannounced}, so no document was announced`);
    }
    for (const { workflowId, root } of plan.resumed) this.#roots.set(workflowId, root);
  }

  event(event: Event): void {
    this.#events += 1;
    const { green, yellow, dim } = this.#out.colors;
    const path = printable(pathOf(event) ?? "");
    const workflow = toWorkflow(event);
    if (workflow !== undefined) {
      this.#announced += workflow.documents.length;
      this.#roots.set(event.metadata.correlationId, workflow.root);
    } else if (event.type === "task.completed" && path !== "") {
      this.#ended += 1;
      const { agentId, result } = resultSchema.parse(event.data);
      // On a terminal the live line counts them; what is special about one is said by the conflict.
      if (this.#live === undefined && result?.gaveWayTo === undefined) {
        const words = result?.words === undefined ? "" : dim(`, ${plural(result.words, "word")}`);
        this.#line(`read ${path} ${dim(`by ${printable(agentId)}`)}${words}`);
      }
    } else if (event.type === "task.conflict.detected") {
      const conflict = conflictSchema.safeParse(event.data);
      if (conflict.success) {
        const { resource, resolution } = conflict.data;
        this.#line(`${yellow("conflict")} ${printable(resource)}: ${printable(resolution)}`);
      }
    } else if (event.type === "workflow.completed") {
      const completed = completedSchema.safeParse(event.data);
      const root = this.#roots.get(event.metadata.correlationId) ?? event.metadata.correlationId;
      if (completed.success) {
        const { documents } = completed.data.output;
        this.#line(`${green("complete")} ${printable(root)}: ${plural(documents, "document")}`);
      }
    }
    this.#refresh();
  }

  failed({ function: name, what, attempt, message, dead }: FailedStep): void {
    const { red, yellow } = this.#out.colors;
    if (dead) this.#dead += 1;
    const state = dead ? red("dead") : yellow("failed");
    const about = message.includes(what) ? "" : `${printable(what)}: `;
    const next = dead ? "" : ` (attempt ${attempt}; it is tried again)`;
    this.#line(`${state} in ${name}: ${about}${printable(message)}${next}`);
    this.#refresh();
  }

  running(what: readonly string[]): void {
    this.#running = what;
    this.#refresh();
  }

  note(level: "warning" | "error", message: string): void {
    const { yellow, red } = this.#out.colors;
    this.#line(`${level === "warning" ? yellow("warning:") : red("error:")} ${printable(message)}`);
  }

  finished(summary: Summary): void {
    this.#live?.end();
    this.#io.stdout.write(renderSummary(this.#io.stdout, summary, this.#waggle));
  }

  interrupted(): void {
    this.#live?.end();
    const left = this.#announced - this.#ended;
    const what = left > 0 ? `${plural(left, "document")} left` : "stopped";
    this.#io.stderr.write(`interrupted: ${what}; run it again and it goes on where it stopped\n`);
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`);
  }

  #refresh(): void {
    if (this.#live === undefined) return;
    const dead = this.#dead === 0 ? "" : ` · ${this.#dead} dead`;
    const now = this.#running[0] === undefined ? "" : ` · ${printable(this.#running[0])}`;
    const documents = `${this.#ended} of ${plural(this.#announced, "document")}`;
    this.#live.show(`${documents} · ${plural(this.#events, "event")}${dead}${now}`);
  }
}
