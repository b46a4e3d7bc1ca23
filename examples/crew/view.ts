import type { Event } from "wagglebus";
import type { ReportLine, ReportView, RunSummary, SummaryText } from "wagglebus/dev";
import * as z from "zod";
import { pathOf, toWorkflow } from "./ledger.ts";
import type { CrewPlan, CrewResult } from "./report.ts";
import { plural, summaryText } from "./summary.ts";

const resultSchema = z.looseObject({
  agentId: z.string().default("somebody"),
  result: z.looseObject({ words: z.number().optional(), gaveWayTo: z.string().optional() }).optional(),
});
const conflictSchema = z.looseObject({ resource: z.string(), resolution: z.string().default("one yields") });
const completedSchema = z.looseObject({ output: z.looseObject({ documents: z.number() }) });

/** Skipped files named one by one; more are counted. */
const skippedShown = 5;

/** What the crew's run says of itself: which documents are to be read, by whom they were, and which reader yielded to another. */
export class CrewView implements ReportView<CrewPlan, CrewResult> {
  readonly #roots = new Map<string, string>();
  #announced = 0;
  #ended = 0;

  subject(event: Event): string | undefined {
    return pathOf(event);
  }

  fields(event: Event): { path?: string } {
    const path = pathOf(event);
    return path === undefined ? {} : { path };
  }

  plan({ roots, skipped, fixed, resumed, unannounced }: CrewPlan): ReportLine[] {
    for (const { workflowId, root } of resumed) this.#roots.set(workflowId, root);
    const more = skipped.length - skippedShown;
    return [
      ...roots.map(({ root, found, fresh }): ReportLine => {
        const known = found - fresh;
        const what =
          found === 0 ? "no documents" : fresh === 0 ? "nothing new" : `${plural(fresh, "document")} to read`;
        return {
          text: `${root}: ${what}`,
          ...(known === 0 ? {} : { note: `, ${known.toLocaleString("en-US")} known` }),
        };
      }),
      ...skipped.slice(0, skippedShown).map(({ path, why }) => ({ note: `skipped ${path}: ${why}` })),
      ...(more > 0 ? [{ note: `skipped ${plural(more, "more file")}; --json names them all` }] : []),
      ...fixed.map((path) => ({ text: `${path} was changed since it failed: redriven` })),
      ...(unannounced === undefined ? [] : [warning("warning:", `${unannounced}, so no document was announced`)]),
    ];
  }

  event(event: Event, live: boolean): ReportLine | undefined {
    const workflow = toWorkflow(event);
    if (workflow !== undefined) {
      this.#announced += workflow.documents.length;
      this.#roots.set(event.metadata.correlationId, workflow.root);
      return undefined;
    }
    if (event.type === "task.completed") return this.#ending(event, live);
    if (event.type === "task.conflict.detected") {
      const conflict = conflictSchema.safeParse(event.data);
      return conflict.success
        ? warning("conflict", `${conflict.data.resource}: ${conflict.data.resolution}`)
        : undefined;
    }
    const completed = completedSchema.safeParse(event.data);
    if (event.type !== "workflow.completed" || !completed.success) return undefined;
    const root = this.#roots.get(event.metadata.correlationId) ?? event.metadata.correlationId;
    return { label: "complete", tone: "good", text: `${root}: ${plural(completed.data.output.documents, "document")}` };
  }

  /** Whatever a run of a function comes to is an event. */
  handled(): undefined {}

  status(): string {
    return `${this.#ended} of ${plural(this.#announced, "document")}`;
  }

  left(): string | undefined {
    const left = this.#announced - this.#ended;
    return left > 0 ? `${plural(left, "document")} left` : undefined;
  }

  summary(run: RunSummary, result: CrewResult): SummaryText {
    return summaryText(run, result);
  }

  #ending(event: Event, live: boolean): ReportLine | undefined {
    const path = pathOf(event);
    if (path === undefined) return undefined;
    this.#ended += 1;
    const { agentId, result } = resultSchema.parse(event.data);
    // On a terminal the status counts them; what is special about one is said by the conflict.
    if (live || result?.gaveWayTo !== undefined) return undefined;
    const words = result?.words === undefined ? "" : `, ${plural(result.words, "word")}`;
    return { text: `read ${path}`, note: ` by ${agentId}${words}` };
  }
}

function warning(label: string, text: string): ReportLine {
  return { label, tone: "warning", text };
}
