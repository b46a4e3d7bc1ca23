import { readdirSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { broken, follows } from "./checks.ts";
import { Processes } from "./processes.ts";
import { readStore } from "./read-store.ts";

/** How many processes are killed; more by WAGGLE_CRASH_ROUNDS. */
const rounds = Number(process.env.WAGGLE_CRASH_ROUNDS ?? 12);
const longestLifeMs = 300;

const { path, remove } = await temporaryDirectory();
const processes = new Processes(path);
afterEach(async () => {
  processes.killAll();
  await remove();
});

test("processes killed at any instant lose nothing that was accepted, leave nothing half there, and run nothing twice at once", {
  timeout: 60_000 + rounds * 15_000,
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
  expect(broken(notes, stored)).toEqual([]);
  // A check that sees nothing would pass everything.
  const some = notes.find(({ what }) => what === "done")?.words[1];
  expect(
    broken(
      notes.filter(({ words }) => words[1] !== some),
      stored,
    ),
  ).not.toEqual([]);
  expect(follows(notes, stored)).toEqual([]);
});
