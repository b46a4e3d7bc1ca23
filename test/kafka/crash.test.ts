import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { broken, follows } from "../crash/checks.ts";
import { Processes } from "../crash/processes.ts";
import { readStore } from "../crash/read-store.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { newPlace, noKafka } from "./support/open.ts";

/** How many processes are killed; more by WAGGLE_CRASH_ROUNDS. */
const rounds = Number(process.env.WAGGLE_CRASH_ROUNDS ?? 3);
const longestLifeMs = 1_500;

describe.skipIf(noKafka)("processes", () => {
  const open: { killAll(): void; remove(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const { killAll, remove } of open.splice(0)) {
      killAll();
      await remove();
    }
  });

  async function processesOf(word: string): Promise<Processes> {
    const { path, remove } = await temporaryDirectory();
    const processes = new Processes(path, ["kafka", newPlace(path, word).where]);
    open.push({ killAll: () => processes.killAll(), remove });
    return processes;
  }

  function check(processes: Processes): void {
    const notes = processes.notes();
    const stored = readStore(processes.file);
    expect(stored.left).toEqual({ deliveries: 0, transients: 0, depths: 0, processes: 0, outsideHistory: 0 });
    expect(broken(notes, stored)).toEqual([]);
    expect(follows(notes, stored)).toEqual([]);
  }

  test("killed at any instant lose nothing that was accepted, and run nothing twice at once or out of order", {
    timeout: 180_000,
  }, async () => {
    const processes = await processesOf("kill");
    // Two at a time, so that each is killed while another publishes, records, handles and takes over.
    let [old, young] = await Promise.all([processes.start("work"), processes.start("work")]);
    for (let round = 0; round < rounds; round += 1) {
      const next = processes.start("work");
      await wait(Math.random() * longestLifeMs);
      await processes.kill(old);
      [old, young] = [young, await next];
    }
    await Promise.all([processes.kill(old), processes.kill(young)]);
    expect(await processes.ended(await processes.start("drain"))).toBe(0);
    expect(processes.notes().filter(({ what }) => what === "accepted").length).toBeGreaterThan(rounds * 10);
    check(processes);
  });
});
