import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { connect, createCatalog } from "../../lib/index.ts";
import { spawnWaggle } from "../e2e/cli/spawn-waggle.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { broken, follows } from "./checks.ts";
import { delta, followed, made } from "./events.ts";
import { Processes } from "./processes.ts";
import { readStore } from "./read-store.ts";

/** How many processes are killed; more by WAGGLE_CRASH_ROUNDS. */
const rounds = Number(process.env.WAGGLE_CRASH_ROUNDS ?? 3);
const timeout = 60_000 + rounds * 40_000;

async function directory(): Promise<string> {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  return path;
}

test("a bus whose processes were killed under load moves, though the migration is killed again and again: nothing is lost, nothing succeeds twice", {
  timeout,
}, async () => {
  const path = await directory();
  const source = new Processes(path);
  const target = new Processes(path, ["embedded", `${path}/target.db`], 2);
  onTestFinished(() => {
    source.killAll();
    target.killAll();
  });
  const workers = await Promise.all([source.start("work"), source.start("work")]);
  await wait(1_000);
  for (const worker of workers) await source.kill(worker);
  await publishBacklog(source, 800);

  const file = `${path}/target.db`;
  const move = () =>
    spawnWaggle(path, ["migrate", "--from-file", source.file, "--to", "embedded", "--to-file", file, "--json"]);
  let killed = 0;
  for (let before = 0; killed < rounds; killed += 1) {
    const { child, ended } = move();
    let gone = false;
    ended.then(() => {
      gone = true;
    });
    while (rowsIn(file) <= before && !gone) await wait(1);
    await wait(Math.random() * 20);
    child.kill("SIGKILL");
    if ((await ended).code !== null) break;
    before = rowsIn(file);
  }
  // Each had moved more than the one before; the last of them may have come to the end.
  expect(killed).toBeGreaterThan(1);
  const { code, stderr, stdout } = await move().ended;
  expect([code, stderr]).toEqual([0, ""]);
  const report = JSON.parse(stdout);
  expect(report.source.events).toBeGreaterThan(800);
  expect(report.source.deliveries).toBeGreaterThan(800 * 4 - 1);

  expect(await target.ended(await target.start("drain"))).toBe(0);
  const notes = target.notes();
  const stored = readStore(file);
  expect(stored.integrity).toBe("ok");
  expect(stored.left).toMatchObject({ deliveries: 0, transients: 0, depths: 0, outsideHistory: 0 });
  expect(stored.counted).toBe(stored.events.size);
  expect(broken(notes, stored)).toEqual([]);
  expect(follows(notes, stored)).toEqual([]);
});

/** Has a bus hold events that nobody has handled yet. */
async function publishBacklog(processes: Processes, count: number): Promise<void> {
  const bus = await connect({
    engine: "embedded",
    file: processes.file,
    source: "crash",
    catalog: createCatalog({ made, followed, delta }),
    logLevel: "silent",
  });
  const drafts = Array.from({ length: count }, (_, number) => ({
    type: made.type,
    id: `run0-0-${number}`,
    data: { key: `key-${number % 31}` },
  }));
  await bus.publishAll(drafts);
  for (const { id } of drafts) appendFileSync(processes.journal, `accepted made ${id}\n`);
  await bus.close();
}

/** How much of what it is to hold a file has. */
function rowsIn(file: string): number {
  if (!existsSync(file)) return 0;
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const row = db.prepare("SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries) AS count").get();
    return Number(row?.count);
  } catch {
    // It is being made.
    return 0;
  } finally {
    db.close();
  }
}

/** The events of a file, without the tags that a link adds. */
function eventsOf(file: string): Map<string, unknown> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return new Map(
      db
        .prepare("SELECT body FROM events")
        .all()
        .map(({ body }) => {
          const { metadata, ...event } = JSON.parse(String(body));
          return [event.id, { ...event, metadata: { ...metadata, tags: undefined } }];
        }),
    );
  } finally {
    db.close();
  }
}

test("buses that mirror each other have the same events in the end, each once, though the processes between them are killed", {
  timeout,
}, async () => {
  const path = await directory();
  const files = [`${path}/here.db`, `${path}/there.db`] as const;
  const journal = `${path}/journal`;
  writeFileSync(journal, "");
  const children = new Set<ChildProcess>();
  onTestFinished(() => {
    for (const child of children) child.kill("SIGKILL");
  });
  let started = 0;
  const start = async (role: "work" | "drain") => {
    started += 1;
    const program = fileURLToPath(new URL("forward-worker.ts", import.meta.url));
    const child = fork(program, [...files, journal, `run${started}`, role], { execArgv: [] });
    children.add(child);
    await once(child, "message");
    return child;
  };
  const accepted = () =>
    readFileSync(journal, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split(" ")[2] ?? "");
  for (let round = 0; round < rounds; round += 1) {
    const child = await start("work");
    const before = accepted().length;
    await eventually("it publishes", () => accepted().length > before + 20);
    await wait(Math.random() * 400);
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
  const [code] = await once(await start("drain"), "exit");
  expect(code).toBe(0);
  const [here, there] = [eventsOf(files[0]), eventsOf(files[1])];
  expect(accepted().length).toBeGreaterThan(rounds * 20);
  expect(accepted().filter((id) => !here.has(id) || !there.has(id))).toEqual([]);
  expect(new Map([...there].sort())).toEqual(new Map([...here].sort()));
  for (const file of files) {
    const { dead, left } = readStore(file);
    expect(dead).toEqual(new Set());
    expect(left).toMatchObject({ deliveries: 0, depths: 0 });
  }
});
