import type { DeadLetter, EndedDelivery, PendingDelivery } from "../../engine/delivery.ts";
import type { Flow, FlowNode } from "../../history/flow.ts";
import { addUsage, noUsage, usageOf } from "../../history/usage.ts";
import type { CliIo } from "../io.ts";
import { dataDigest } from "./data-digest.ts";
import { endedDetails, pendingText } from "./delivery-text.ts";
import { displayWidth, plural, printable, truncate } from "./text.ts";
import { formatAgo, formatElapsed } from "./time.ts";
import { type AgentUsage, renderUsage, usageByAgent, usageText } from "./usage-text.ts";

/** A branch below an event: an event that it caused, or one of its deliveries. */
type Branch =
  | { kind: "event"; node: FlowNode }
  | { kind: "ended"; delivery: EndedDelivery }
  | { kind: "dead"; deadLetter: DeadLetter }
  | { kind: "pending"; delivery: PendingDelivery };

export interface FlowTreeOptions {
  /** Shows each event's id instead of its data. */
  ids?: boolean;
}

/** Renders a flow as a tree of causes, with the time since the start and what became of the deliveries. */
export function renderFlow(io: CliIo, flow: Flow, options: FlowTreeOptions = {}): string {
  const { bold, dim } = io.stdout.colors;
  const agents = usageByAgent(flow);
  const facts = [
    statusText(io, flow.status),
    plural(flow.size, "event"),
    formatElapsed(flow.durationMs),
    ...(flow.pending.length > 0 ? [`${flow.pending.length} pending`] : []),
    ...(flow.deadLetters.length > 0 ? [plural(flow.deadLetters.length, "dead letter")] : []),
    ...workFacts(agents),
    `started ${formatAgo(flow.startedAt, io.now())}`,
  ];
  const lines = [`${bold("flow")} ${printable(flow.id)}`, facts.join(dim(" · "))];
  const tree = new Tree(io, flow, options);
  for (const root of flow.roots) tree.add({ kind: "event", node: root }, "", "");
  for (const delivery of tree.deliveriesWithoutEvent()) tree.add(delivery, "", "");
  const usage = renderUsage(io, agents);
  return `${[...lines, ...tree.lines].join("\n")}\n${usage === "" ? "" : `\n${usage}`}`;
}

/** What the flow took: attempts where some failed, and what the models used. */
function workFacts(agents: readonly AgentUsage[]): string[] {
  const attempts = agents.reduce((sum, one) => sum + one.attempts, 0);
  const failed = agents.reduce((sum, one) => sum + one.failed, 0);
  const usage = usageText(agents.reduce((sum, one) => addUsage(sum, one.usage), noUsage));
  return [
    ...(failed > 0 ? [`${failed} of ${plural(attempts, "attempt")} failed`] : []),
    ...(usage === "" ? [] : [usage]),
  ];
}

function statusText(io: CliIo, status: Flow["status"]): string {
  const { green, red, yellow } = io.stdout.colors;
  return { completed: green("✓ completed"), failed: red("✗ failed"), running: yellow("… running") }[status];
}

class Tree {
  readonly lines: string[] = [];
  readonly #io: CliIo;
  readonly #flow: Flow;
  readonly #options: FlowTreeOptions;
  /** Dead and pending deliveries by event, removed when their event is rendered. */
  readonly #deliveries: Map<string, Branch[]>;

  constructor(io: CliIo, flow: Flow, options: FlowTreeOptions) {
    this.#io = io;
    this.#flow = flow;
    this.#options = options;
    const dead = flow.deadLetters.map((deadLetter) => ({ kind: "dead", deadLetter }) as const);
    const pending = flow.pending.map((delivery) => ({ kind: "pending", delivery }) as const);
    this.#deliveries = Map.groupBy<string, Branch>([...dead, ...pending], (branch) => eventIdOf(branch));
  }

  /** Adds a branch and its children, without recursion: a flow may be a chain of thousands. */
  add(first: Branch, prefix: string, childPrefix: string): void {
    const rest = [{ branch: first, prefix, childPrefix }];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
      this.#line(next.branch, next.prefix, next.childPrefix);
      if (next.branch.kind !== "event") continue;
      const below = this.#below(next.branch.node);
      const { childPrefix: indent } = next;
      const children = below.map((branch, index) => {
        const last = index === below.length - 1;
        return {
          branch,
          prefix: `${indent}${last ? "└─ " : "├─ "}`,
          childPrefix: `${indent}${last ? "   " : "│  "}`,
        };
      });
      for (const child of children.reverse()) rest.push(child);
    }
  }

  /** Returns the deliveries whose event is not in history. Call it after all events were added. */
  deliveriesWithoutEvent(): Branch[] {
    return [...this.#deliveries.values()].flat();
  }

  #below(node: FlowNode): Branch[] {
    const { id } = node.event;
    const deliveries = this.#deliveries.get(id) ?? [];
    this.#deliveries.delete(id);
    // A dead letter says more.
    const ended = (node.deliveries ?? []).filter((one) => !deliveries.some((branch) => isDeadLetterOf(branch, one)));
    return [
      ...ended.map((delivery): Branch => ({ kind: "ended", delivery })),
      ...deliveries,
      ...node.children.map((child): Branch => ({ kind: "event", node: child })),
    ];
  }

  #line(branch: Branch, prefix: string, childPrefix: string): void {
    const { dim } = this.#io.stdout.colors;
    const [head, tail] = this.#texts(branch);
    const shown = this.#fit(tail, displayWidth(prefix) + displayWidth(head) + 2);
    this.lines.push(`${dim(prefix)}${head}${shown === "" ? "" : `  ${dim(shown)}`}`);
    if (branch.kind !== "dead") return;
    const { code, message } = branch.deadLetter.reason;
    const reason = this.#fit(printable(`${code}: ${message}`), displayWidth(childPrefix) + 2);
    this.lines.push(`${dim(childPrefix)}  ${reason}`);
  }

  /** Truncates to the remaining columns of a terminal. */
  #fit(text: string, usedColumns: number): string {
    const { isTTY, columns } = this.#io.stdout;
    return isTTY ? truncate(text, Math.max(0, columns - usedColumns)) : text;
  }

  /** Returns the part of a line that is always shown in full, and the part that may be truncated. */
  #texts(branch: Branch): [string, string] {
    const { bold, cyan, dim, green, red, yellow } = this.#io.stdout.colors;
    if (branch.kind === "ended") {
      const { outcome, subscription, totalMs } = branch.delivery;
      const [mark, color] = ({ done: ["✓", green], dropped: ["–", dim], dead: ["✗", red] } as const)[outcome];
      const head = `${color(`${mark} ${printable(subscription)}`)} ${outcome} after ${formatElapsed(totalMs)}`;
      return [head, endedDetails(branch.delivery)];
    }
    if (branch.kind === "dead") {
      const { deadLetter } = branch;
      const subscription = printable(deadLetter.subscription ?? "publish");
      const attempts = plural(deadLetter.attempts, "attempt");
      return [`${red(`✗ ${subscription}`)} dead letter ${deadLetter.id} after ${attempts}`, ""];
    }
    if (branch.kind === "pending") {
      const { delivery } = branch;
      const error = delivery.lastError === undefined ? "" : printable(delivery.lastError);
      return [`${yellow(`… ${printable(delivery.subscription)}`)} ${pendingText(delivery, this.#io.now())}`, error];
    }
    const { event } = branch.node;
    const after = formatElapsed(Math.max(0, Date.parse(event.time) - Date.parse(this.#flow.startedAt)));
    const head = `${bold(printable(event.type))} ${cyan(`+${after}`)} ${printable(event.source)}`;
    const used = usageText(usageOf(event) ?? noUsage);
    const shown = used === "" ? head : `${head}  ${yellow(used)}`;
    return this.#options.ids === true ? [`${shown}  ${event.id}`, ""] : [shown, dataDigest(event.data)];
  }
}

function isDeadLetterOf(branch: Branch, { outcome, replayId, subscription }: EndedDelivery): boolean {
  if (branch.kind !== "dead" || outcome !== "dead") return false;
  return branch.deadLetter.subscription === subscription && branch.deadLetter.replayId === replayId;
}

function eventIdOf(branch: Branch): string {
  if (branch.kind === "event") return branch.node.event.id;
  return branch.kind === "dead" ? branch.deadLetter.event.id : branch.delivery.eventId;
}
