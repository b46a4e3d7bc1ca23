import type { Note } from "./processes.ts";
import type { SubscriptionName } from "./subscriptions.ts";

/** What a bus has carried, as its store shows it. */
export interface Carried {
  /** Position, type and cause by id. */
  readonly events: ReadonlyMap<string, { seq: number; type: string; cause: string | undefined }>;
  /** `subscription id`. */
  readonly dead: ReadonlySet<string>;
}

const goesTo: Record<"made" | "delta", readonly SubscriptionName[]> = {
  made: ["everything", "keyed", "chain", "impatient"],
  delta: ["everything"],
};

/** Accepted, and not stored, or neither handled nor a dead letter somewhere. What was stored unannounced counts too. */
export function missing(notes: readonly Note[], { events, dead }: Carried): string[] {
  const done = new Set(notes.flatMap(({ what, words }) => (what === "done" ? [`${words[0]} ${words[1]}`] : [])));
  const problems: string[] = [];
  const accepted = new Map<string, "made" | "delta">();
  for (const { what, words } of notes) {
    if (what === "accepted") accepted.set(words[1] ?? "", words[0] === "delta" ? "delta" : "made");
  }
  for (const [id, { type }] of events) if (type === "crash.event.made") accepted.set(id, "made");
  for (const [id, kind] of accepted) {
    if (kind === "made" && !events.has(id)) problems.push(`${id} is not stored`);
    for (const name of goesTo[kind]) {
      const key = `${name} ${id}`;
      if (!done.has(key) && !dead.has(key)) problems.push(`${key} was not handled`);
    }
  }
  return problems;
}

/** What a handler published is there once for each event that it handled to the end. */
export function follows(notes: readonly Note[], { events }: Carried): string[] {
  const effects = new Map<string, number>();
  for (const { type, cause } of events.values()) {
    if (type === "crash.event.followed" && cause !== undefined) effects.set(cause, (effects.get(cause) ?? 0) + 1);
  }
  const done = notes.flatMap(({ what, words }) => (what === "done" && words[0] === "chain" ? [words[1] ?? ""] : []));
  return [...new Set(done)].filter((id) => effects.get(id) !== 1).map((id) => `${id} has ${effects.get(id)} effects`);
}

/** Attempts beyond what the subscription allows. */
export function overrun(notes: readonly Note[]): string[] {
  const starts = new Map<string, number>();
  for (const { what, words } of notes) {
    if (what !== "start") continue;
    const key = `${words[0]} ${words[1]}`;
    starts.set(key, (starts.get(key) ?? 0) + 1);
  }
  return [...starts].filter(([key, count]) => count > (key.startsWith("impatient ") ? 2 : 100)).map(([key]) => key);
}

/** Runs of one delivery, or of one key where order is kept, that overlapped. */
export function overlapping(notes: readonly Note[]): string[] {
  const running = new Map<string, string>();
  const killed = new Set<string>();
  const problems: string[] = [];
  for (const { what, words } of notes) {
    const [name = "", id = "", run = ""] = words;
    const key = name === "keyed" ? `${name} ${keyOf(id)}` : `${name} ${id}`;
    if (what === "start") {
      if (running.has(key)) problems.push(`${key} in ${running.get(key)} and ${run}`);
      // What it began in the instant before the kill reached it ended with it.
      if (!killed.has(run)) running.set(key, run);
    } else if (what === "done") running.delete(key);
    else if (what === "killed") {
      killed.add(name);
      for (const [open, of] of running) if (of === name) running.delete(open);
    }
  }
  return problems;
}

/** Keys whose events were not handled in the order in which they were accepted. */
export function outOfOrder(notes: readonly Note[], { events }: Carried): string[] {
  const last = new Map<string, number>();
  const problems: string[] = [];
  for (const { what, words } of notes) {
    const [name, id = ""] = words;
    const seq = events.get(id)?.seq;
    if (what !== "start" || name !== "keyed" || seq === undefined) continue;
    if (seq < (last.get(keyOf(id)) ?? 0)) problems.push(id);
    last.set(keyOf(id), seq);
  }
  return problems;
}

/** As the worker gives it. */
function keyOf(id: string): string {
  return `key-${Number(id.split("-")[2]) % 31}`;
}
