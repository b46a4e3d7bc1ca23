import type { ReportSection, RunSummary, SummaryText } from "wagglebus/dev";
import type { Learnt } from "./learnt.ts";
import type { CrewResult, WorkflowSummary } from "./report.ts";

/** What the crew's run came to, as a person reads it: what was done, flow by flow, and what is known by now. */
export function summaryText(run: RunSummary, { documents, workflows, learnt }: CrewResult): SummaryText {
  const { announced, read, gaveWay, found } = documents;
  const did =
    read + gaveWay === 0 && announced === 0
      ? `Nothing new in ${plural(found, "document")}`
      : `Read ${plural(read, "document")} in ${elapsed(run.durationMs)}`;
  const left = gaveWay === 0 ? "" : `; ${gaveWay} left to another reader of the same content`;
  const dead = run.deadLetters.length === 0 ? "" : `; ${plural(run.deadLetters.length, "dead letter")}`;
  const flow = workflows[0]?.workflowId;
  return {
    headline: `${did}${left}${dead}.`,
    sections: [
      { title: "Flows", rows: workflows.map(workflowRow), right: [4, 5], flexible: 1 },
      ...(learnt.documents === 0 ? [] : [learntSection(learnt)]),
    ],
    fix: "fix it and run this again: what was changed is redriven; or",
    next: [
      ...(flow === undefined ? [] : [[`flow ${flow}`, "one folder's work as a tree of causes"] as const]),
      ...("task.conflict.detected" in run.events
        ? [["history --type task.conflict.detected", "which reader yielded to which"] as const]
        : []),
      ["history --type knowledge_graph.updated --limit 5", "what was learnt last"],
      ["stats", "all events by type"],
      ["subscriptions", "who listens to what"],
    ],
  };
}

function workflowRow(workflow: WorkflowSummary): ReportSection["rows"][number] {
  const { workflowId, root, status, ended, documents, events, durationMs } = workflow;
  return [
    workflowId,
    root,
    { text: status, tone: status === "completed" ? "good" : "bad" },
    `${ended} of ${plural(documents, "document")}`,
    plural(events, "event"),
    elapsed(durationMs),
  ];
}

function learntSection({ documents, entities, relationships, top }: Learnt): ReportSection {
  const of = `${plural(entities, "entity", "entities")} and ${plural(relationships, "link")}`;
  const named = top.map(({ name, documents }) => `${name} (${documents})`).join(", ");
  return {
    title: "Learnt",
    rows: [
      [`${of} from ${plural(documents, "document")} so far`],
      ...(top.length === 0 ? [] : [[`named by the most documents: ${named}`]]),
    ],
  };
}

/** `1 event`, `2 events`. */
export function plural(count: number, word: string, words = `${word}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? word : words}`;
}

function elapsed(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)}s` : `${Math.floor(ms / 60_000)}m ${Math.floor(ms / 1_000) % 60}s`;
}
