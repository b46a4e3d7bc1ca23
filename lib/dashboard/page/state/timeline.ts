import type { DeadLetter, EndedDelivery, PendingDelivery } from "../../../engine/delivery.ts";
import type { Event } from "../../../event/event.ts";
import { spent } from "../../../history/event-facts.ts";
import type { Flow, FlowNode } from "../../../history/flow.ts";

/** One event of a flow where it stands in the tree. */
export interface TreeNode {
  readonly event: Event;
  readonly depth: number;
  readonly ended: readonly EndedDelivery[];
  readonly pending: readonly PendingDelivery[];
  readonly dead: readonly DeadLetter[];
}

/** A stretch of a lane, as fractions of the flow's whole time. */
export interface Piece {
  readonly kind: "wait" | "run" | "bad" | "busy";
  readonly from: number;
  readonly to: number;
  /** What it says. */
  readonly title: string;
}

/** A delivery on the timeline. */
export interface Lane {
  readonly key: string;
  readonly event: Event;
  readonly subscription: string;
  readonly attempts: number;
  /** Milliseconds from acceptance to the end, or to now. */
  readonly tookMs: number;
  readonly pieces: readonly Piece[];
}

/** What an agent spent in a flow. */
export interface Spending {
  readonly who: string;
  readonly events: number;
  readonly tokens: number | undefined;
  readonly cost: number | undefined;
}

/** The events of a flow in the order of its tree, at most `most` of them. Not recursive: a chain may be thousands long. */
export function treeOf(flow: Flow, most: number): TreeNode[] {
  const pending = Map.groupBy(flow.pending, ({ eventId }) => eventId);
  const dead = Map.groupBy(flow.deadLetters, ({ event }) => event.id);
  const nodes: TreeNode[] = [];
  const rest: { node: FlowNode; depth: number }[] = flow.roots.map((node) => ({ node, depth: 0 })).reverse();
  for (let next = rest.pop(); next !== undefined && nodes.length < most; next = rest.pop()) {
    const { node, depth } = next;
    const { event } = node;
    nodes.push({
      event,
      depth,
      ended: node.deliveries ?? [],
      pending: pending.get(event.id) ?? [],
      dead: dead.get(event.id) ?? [],
    });
    for (const child of node.children.toReversed()) rest.push({ node: child, depth: depth + 1 });
  }
  return nodes;
}

/** The deliveries of these events as bars over the time of them all. `now`: milliseconds since 1970. */
export function lanesOf(nodes: readonly TreeNode[], now: number): { readonly lanes: Lane[]; readonly totalMs: number } {
  const spans = nodes.flatMap((node) => spansOf(node, now));
  if (spans.length === 0) return { lanes: [], totalMs: 0 };
  const from = spans.reduce((least, span) => Math.min(least, span.from), Number.POSITIVE_INFINITY);
  const to = spans.reduce((most, span) => Math.max(most, span.to), from);
  const total = Math.max(1, to - from);
  const fraction = (ms: number) => Math.min(1, Math.max(0, (ms - from) / total));
  return {
    totalMs: to - from,
    lanes: spans
      .toSorted((a, b) => a.from - b.from)
      .map(({ pieces, ...span }) => ({
        key: span.key,
        event: span.event,
        subscription: span.subscription,
        attempts: span.attempts,
        tookMs: span.to - span.from,
        pieces: pieces.map((piece) => ({ ...piece, from: fraction(piece.from), to: fraction(piece.to) })),
      })),
  };
}

/** What the events of a flow say of tokens and cost, by agent; empty where none says anything. */
export function spendingOf(nodes: readonly TreeNode[]): Spending[] {
  const byAgent = Map.groupBy(
    nodes.map(({ event }) => event),
    ({ metadata, source }) => metadata.agentId ?? source,
  );
  return [...byAgent]
    .map(([who, events]) => ({ who, events: events.length, ...spent(events) }))
    .filter(({ cost, tokens }) => cost !== undefined || tokens !== undefined)
    .sort((a, b) => (b.cost ?? 0) - (a.cost ?? 0) || (b.tokens ?? 0) - (a.tokens ?? 0));
}

/** With times in milliseconds since 1970. */
type Span = Omit<Lane, "tookMs"> & { readonly from: number; readonly to: number };

function spansOf({ dead, ended, event, pending }: TreeNode, now: number): Span[] {
  const accepted = Date.parse(event.time);
  return [
    ...ended.map((delivery): Span => {
      const { attempts, endedAt, outcome, ranMs = 0, replayId = "", subscription, totalMs } = delivery;
      const to = Date.parse(endedAt);
      const from = to - totalMs;
      const began = Math.max(from, to - ranMs);
      const letter = dead.find((one) => one.subscription === subscription);
      return {
        // What was redriven has ended more than once.
        key: `${event.id} ${subscription} ${replayId} ${endedAt}`,
        event,
        subscription,
        attempts,
        from,
        to,
        pieces: [
          ...waitOf(from, began),
          ...(letter === undefined ? [] : attemptsOf(letter, from)),
          { kind: outcome === "dead" ? "bad" : "run", from: began, to, title: `attempt ${attempts}: ${outcome}` },
        ],
      };
    }),
    ...pending.map(
      ({ attempts, lastError, state, subscription }): Span => ({
        key: `${event.id} ${subscription} pending`,
        event,
        subscription,
        attempts,
        from: accepted,
        to: Math.max(accepted, now),
        pieces: [
          {
            kind: state === "running" ? "busy" : "wait",
            from: accepted,
            to: Math.max(accepted, now),
            title: lastError === undefined ? state : `${state}; last failure: ${lastError}`,
          },
        ],
      }),
    ),
    // Where the engine does not tell how deliveries ended, a dead letter does.
    ...dead
      .filter(({ subscription }) => !ended.some((one) => one.subscription === subscription))
      .map((letter): Span => {
        const from = Date.parse(letter.acceptedAt);
        const to = Date.parse(letter.deadAt);
        return {
          key: letter.id,
          event,
          subscription: letter.subscription ?? "publish",
          attempts: letter.attempts,
          from,
          to,
          pieces: [...waitOf(from, to), ...attemptsOf(letter, from)],
        };
      }),
  ];
}

function waitOf(from: number, to: number): Piece[] {
  return to > from ? [{ kind: "wait", from, to, title: "waiting, earlier attempts included" }] : [];
}

/** The failures of a dead letter, each at its time. */
function attemptsOf({ failures }: DeadLetter, from: number): Piece[] {
  return failures.map(({ at, attempt, code, message }) => {
    const ms = Math.max(from, Date.parse(at));
    return { kind: "bad", from: ms, to: ms, title: `attempt ${attempt}: ${code}: ${message}` };
  });
}
