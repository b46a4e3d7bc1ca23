import { readdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { type Note, Processes } from "./processes.ts";
import type { SubscriptionName } from "./subscriptions.ts";

/** How many processes are killed; more by WAGGLE_CRASH_ROUNDS. */
const rounds = Number(process.env.WAGGLE_CRASH_ROUNDS ?? 12);
const longestLifeMs = 300;

const { path, remove } = await temporaryDirectory();
const processes = new Processes(path);
afterEach(async () => {
  processes.killAll();
  await remove();
});

const goesTo: Record<"made" | "delta", readonly SubscriptionName[]> = {
  made: ["everything", "keyed", "chain", "impatient"],
  delta: ["everything"],
};

test("processes killed at any instant lose nothing that was accepted, leave nothing half there, and run nothing twice at once", {
  timeout: 30_000 + rounds * 3_000,
}, async () => {
  // Two at a time, so that each is killed while another publishes, handles and takes over.
  let [old, young] = await Promise.all([processes.start("work"), processes.start("work")]);
  for (let round = 0; round < rounds; round += 1) {
    const next = processes.start("work");
    await wait(Math.random() * longestLifeMs);
    await processes.kill(old);
    [old, young] = [young, await next];
  }
  await Promise.all([processes.kill(old), processes.kill(young)]);
  expect(await processes.ended(await processes.start("drain"))).toBe(0);

  const notes = processes.notes();
  const stored = readStore(processes.file);
  expect(notes.filter(({ what }) => what === "accepted").length).toBeGreaterThan(rounds * 10);
  expect(stored.integrity).toBe("ok");
  expect(stored.left).toEqual({ deliveries: 0, transients: 0, depths: 0, processes: 0, outsideHistory: 0 });
  expect(stored.counted).toBe(stored.events.size);
  expect(readdirSync(`${processes.file}-locks`)).toEqual([]);
  expect(missing(notes, stored)).toEqual([]);
  expect(follows(notes, stored)).toEqual([]);
  expect(overrun(notes)).toEqual([]);
  expect(overlapping(notes)).toEqual([]);
  expect(outOfOrder(notes, stored)).toEqual([]);
});

interface Stored {
  readonly integrity: unknown;
  readonly left: Record<string, number>;
  /** By `stats`. */
  readonly counted: number;
  /** Position, type and cause by id. */
  readonly events: Map<string, { seq: number; type: string; cause: string | undefined }>;
  /** `subscription id`. */
  readonly dead: Set<string>;
}

function readStore(file: string): Stored {
  const db = new DatabaseSync(file);
  const count = (from: string) => Number(db.prepare(`SELECT count(*) AS count FROM ${from}`).get()?.count);
  try {
    return {
      integrity: db.prepare("PRAGMA integrity_check").get()?.integrity_check,
      left: {
        deliveries: count("deliveries"),
        transients: count("transients"),
        depths: count("depths WHERE ready <> 0 OR claimed <> 0 OR delayed <> 0 OR blocked <> 0"),
        processes: count("processes"),
        outsideHistory: count("events WHERE history = 0"),
      },
      counted: Number(db.prepare("SELECT sum(count) AS count FROM stats").get()?.count),
      events: new Map(
        db
          .prepare("SELECT seq, id, body FROM events")
          .all()
          .map(({ seq, id, body }) => {
            const { type, metadata } = JSON.parse(String(body));
            return [String(id), { seq: Number(seq), type: String(type), cause: metadata.causationId }];
          }),
      ),
      dead: new Set(
        db
          .prepare("SELECT subscription, event_id FROM dead_letters")
          .all()
          .map(({ subscription, event_id }) => `${subscription} ${event_id}`),
      ),
    };
  } finally {
    db.close();
  }
}

/** Accepted, and not stored, or neither handled nor a dead letter somewhere. What was stored unannounced counts too. */
function missing(notes: readonly Note[], { events, dead }: Stored): string[] {
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
function follows(notes: readonly Note[], { events }: Stored): string[] {
  const effects = new Map<string, number>();
  for (const { type, cause } of events.values()) {
    if (type === "crash.event.followed" && cause !== undefined) effects.set(cause, (effects.get(cause) ?? 0) + 1);
  }
  const done = notes.flatMap(({ what, words }) => (what === "done" && words[0] === "chain" ? [words[1] ?? ""] : []));
  return [...new Set(done)].filter((id) => effects.get(id) !== 1).map((id) => `${id} has ${effects.get(id)} effects`);
}

/** Attempts beyond what the subscription allows. */
function overrun(notes: readonly Note[]): string[] {
  const starts = new Map<string, number>();
  for (const { what, words } of notes) {
    if (what !== "start") continue;
    const key = `${words[0]} ${words[1]}`;
    starts.set(key, (starts.get(key) ?? 0) + 1);
  }
  return [...starts].filter(([key, count]) => count > (key.startsWith("impatient ") ? 2 : 100)).map(([key]) => key);
}

/** Runs of one delivery, or of one key where order is kept, that overlapped. */
function overlapping(notes: readonly Note[]): string[] {
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
function outOfOrder(notes: readonly Note[], { events }: Stored): string[] {
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
