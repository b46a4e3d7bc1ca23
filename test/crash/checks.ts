import { checkHistory, type NewNote, type Note as SimNote } from "../../lib/sim/index.ts";
import { subscriptionRecord } from "../../lib/subscription/index.ts";
import { anEvent } from "../support/an-event.ts";
import type { Note } from "./processes.ts";
import { type SubscriptionName, subscriptions } from "./subscriptions.ts";

/** What a bus has carried, as its store shows it. */
export interface Carried {
  /** Position, type and cause by id. */
  readonly events: ReadonlyMap<string, { seq: number; type: string; cause: string | undefined }>;
  /** `subscription id`. */
  readonly dead: ReadonlySet<string>;
}

/** What of the contract processes have broken: the rule, and what happened. What was stored unannounced is owed, too. */
export function broken(notes: readonly Note[], { events, dead }: Carried): string[] {
  const stored = [...events].sort(([, one], [, other]) => one.seq - other.seq);
  const deltas = notes.flatMap(({ what, words: [kind, id = ""] }) =>
    what === "accepted" && kind === "delta" ? id : [],
  );
  const announced = notes.flatMap(({ what, words: [kind, id = ""] }) =>
    what === "accepted" && kind === "made" ? id : [],
  );
  const made = new Set([...announced, ...stored.flatMap(([id, { type }]) => (type === "crash.event.made" ? id : []))]);
  const ledger: NewNote[] = [
    ...Object.values(subscriptions).map(
      (one): NewNote => ({ kind: "subscribed", subscription: subscriptionRecord(one) }),
    ),
    ...[...made].flatMap((id) => published(id, "crash.event.made", true)),
    ...deltas.flatMap((id) => published(id, "crash.event.delta", false)),
    ...notes.flatMap(({ what, words: [, id = ""] }) => (what === "start" && !made.has(id) ? offeredDelta(id) : [])),
    ...notes.flatMap(attemptOf),
    ...[...dead].map((key): NewNote => {
      const [subscription = "", event = ""] = key.split(" ");
      return { kind: "dead", subscription, event, attempt: limitOf(subscription) };
    }),
  ];
  const history = stored.map(([id]) => id);
  return checkHistory(ledger.map(stamped), { order: history }).map(({ message, rule }) => `${rule}: ${message}`);
}

/** The notes of a journal have no times; those of attempts name their process. */
function stamped(note: NewNote, at: number): SimNote {
  return { at, process: "outside", ...note };
}

/** History does not keep it, so that nothing says whether it was accepted where its publisher was killed. */
function offeredDelta(id: string): NewNote[] {
  return published(id, "crash.event.delta", false).slice(0, 1);
}

function published(id: string, type: string, history: boolean): NewNote[] {
  const event = anEvent({ id, type, data: { key: keyOf(id) } });
  return [
    { kind: "offered", event, history },
    { kind: "accepted", event: id },
  ];
}

function attemptOf({ what, words }: Note): NewNote[] {
  const [subscription = "", event = "", process = "", attempt] = words;
  if (what === "killed") return [Object.assign({ kind: "crashed" } as const, { process: subscription })];
  if (what !== "start" && what !== "done") return [];
  const kind = what === "start" ? "started" : "succeeded";
  return [Object.assign({ kind, subscription, event, attempt: Number(attempt) } as const, { process })];
}

function limitOf(subscription: string): number {
  const found = Object.entries(subscriptions).find(([name]) => name === subscription);
  return found?.[1].attempts ?? 0;
}

/** As the worker gives it. */
function keyOf(id: string): string {
  return `key-${Number(id.split("-")[2]) % 31}`;
}

/** What a handler published is there once for each event that it handled to the end. */
export function follows(notes: readonly Note[], { events }: Carried): string[] {
  const effects = new Map<string, number>();
  for (const { type, cause } of events.values()) {
    if (type === "crash.event.followed" && cause !== undefined) effects.set(cause, (effects.get(cause) ?? 0) + 1);
  }
  const chain: SubscriptionName = "chain";
  const done = notes.flatMap(({ what, words }) => (what === "done" && words[0] === chain ? [words[1] ?? ""] : []));
  return [...new Set(done)].filter((id) => effects.get(id) !== 1).map((id) => `${id} has ${effects.get(id)} effects`);
}
