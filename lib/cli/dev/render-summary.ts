import type { CliOutput } from "../io.ts";
import { type Column, renderTable } from "../output/table.ts";
import { plural, printable } from "../output/text.ts";
import { formatElapsed } from "../output/time.ts";
import type { Summary } from "./report.ts";

/** Dead letters shown whole; `dlq list` shows the rest. */
const deadShown = 5;

/** The summary as a person reads it: what was done, what needs a hand, where to look further. */
export function renderSummary(output: CliOutput, summary: Summary, waggle: string): string {
  return [headline(output, summary), ...sections(output, summary, waggle)].map((part) => `\n${part}`).join("");
}

function headline({ colors }: CliOutput, { documents, deadLetters, durationMs }: Summary): string {
  const { announced, read, gaveWay, found } = documents;
  const did =
    read + gaveWay === 0 && announced === 0
      ? `Nothing new in ${plural(found, "document")}`
      : `Read ${plural(read, "document")} in ${formatElapsed(durationMs)}`;
  const left = gaveWay === 0 ? "" : `; ${gaveWay} left to another reader of the same content`;
  const dead = deadLetters.length === 0 ? "" : `; ${plural(deadLetters.length, "dead letter")}`;
  return `${colors.bold(`${did}${left}${dead}.`)}\n`;
}

function sections(output: CliOutput, summary: Summary, waggle: string): string[] {
  const { workflows, events, slowest, deadLetters, learnt } = summary;
  const parts: string[] = [];
  const add = (title: string, body: string) => parts.push(`${output.colors.bold(title)}\n${indent(body)}`);
  if (workflows.length > 0) add("Flows", renderTable(output, workflowColumns(output), workflows));
  if (Object.keys(events).length > 0) {
    const columns: Column<[string, number]>[] = [
      { title: "", text: ([, count]) => count.toLocaleString("en-US"), align: "right" },
      { title: "", text: ([type]) => type },
    ];
    add("Events", renderTable(output, columns, Object.entries(events)));
  }
  if (slowest.length > 0) add("Slowest steps", renderTable(output, slowestColumns, slowest));
  if (deadLetters.length > 0) add("Dead letters", renderDead(output, deadLetters, waggle));
  if (learnt.documents > 0) add("Learnt", renderLearnt(output, learnt));
  add("Look further", renderCommands(output, summary, waggle));
  return parts;
}

function workflowColumns({ colors }: CliOutput): Column<Summary["workflows"][number]>[] {
  return [
    { title: "", text: ({ workflowId }) => workflowId },
    { title: "", text: ({ root }) => printable(root), flexible: true },
    {
      title: "",
      text: ({ status }) => status,
      style: (text, { status }) => (status === "completed" ? colors.green(text) : colors.red(text)),
    },
    { title: "", text: ({ ended, documents }) => `${ended} of ${plural(documents, "document")}` },
    { title: "", text: ({ events }) => plural(events, "event"), align: "right" },
    { title: "", text: ({ durationMs }) => formatElapsed(durationMs), align: "right" },
  ];
}

const slowestColumns: Column<Summary["slowest"][number]>[] = [
  { title: "", text: ({ durationMs }) => formatElapsed(durationMs), align: "right" },
  { title: "", text: (step) => step.function },
  { title: "", text: ({ what }) => printable(what), flexible: true },
];

function renderDead({ colors }: CliOutput, letters: Summary["deadLetters"], waggle: string): string {
  const shown = letters.slice(0, deadShown).map(({ id, subscription, what, message }) => {
    const about = message.includes(what) ? "" : `${printable(what)}: `;
    return `${colors.red(subscription)} ${about}${printable(message)}\n  ${waggle} dlq show ${id}\n`;
  });
  const more = letters.length - deadShown;
  if (more > 0) shown.push(`and ${plural(more, "more", "more")}: ${waggle} dlq list\n`);
  const [first] = letters;
  const which = letters.length === 1 && first !== undefined ? first.id : "--all";
  const again = "fix it and run this again: what was changed is redriven; or";
  return `${shown.join("")}${colors.dim(again)} ${waggle} dlq redrive ${which}\n`;
}

function renderLearnt({ colors }: CliOutput, learnt: Summary["learnt"]): string {
  const of = `${plural(learnt.entities, "entity", "entities")} and ${plural(learnt.relationships, "link")}`;
  const counts = `${of} from ${plural(learnt.documents, "document")} so far\n`;
  if (learnt.top.length === 0) return counts;
  const named = learnt.top.map(({ name, documents }) => `${printable(name)} ${colors.dim(`(${documents})`)}`);
  return `${counts}named by the most documents: ${named.join(", ")}\n`;
}

function renderCommands(output: CliOutput, { workflows, events }: Summary, waggle: string): string {
  const flow = workflows[0]?.workflowId;
  const lines = [
    ...(flow === undefined ? [] : [[`${waggle} flow ${flow}`, "one folder's work as a tree of causes"]]),
    ...("task.conflict.detected" in events
      ? [[`${waggle} history --type task.conflict.detected`, "who gave way to whom"]]
      : []),
    [`${waggle} history --type knowledge_graph.updated --limit 5`, "what was learnt last"],
    [`${waggle} stats`, "all events by type"],
    [`${waggle} subscriptions`, "who listens to what"],
  ];
  return renderTable(
    output,
    [
      { title: "", text: ([line]) => line ?? "" },
      { title: "", text: ([, says]) => says ?? "", style: output.colors.dim },
    ],
    lines,
  );
}

function indent(body: string): string {
  return body.replaceAll(/^(?=.)/gm, "  ");
}
