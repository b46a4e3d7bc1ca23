import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { afterEach, expect, inject, test } from "vitest";
import { broken, type Carried, follows } from "../crash/checks.ts";
import { Processes } from "../crash/processes.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

/** How many processes are killed; more by WAGGLE_CRASH_ROUNDS. */
const rounds = Number(process.env.WAGGLE_CRASH_ROUNDS ?? 3);
const longestLifeMs = 600;

const { path, remove } = await temporaryDirectory();
const url = inject("postgresUrl");
const schema = `crash_${randomBytes(4).toString("hex")}`;
const processes = new Processes(path, ["postgres", `${url}#${schema}`]);
afterEach(async () => {
  processes.killAll();
  await remove();
});

test("processes killed at any instant lose nothing that was accepted, and run nothing twice at once or out of order", {
  timeout: 180_000,
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
  // One that held nothing when it was killed holds nobody up; whoever runs a while later forgets it.
  const last = await processes.start("hold");
  await eventually("those that were killed are forgotten", async () => (await readStore()).left.processes === 1);
  processes.tell(last);
  expect(await processes.ended(last)).toBe(0);

  const notes = processes.notes();
  const { left, ...carried } = await readStore();
  expect(notes.filter(({ what }) => what === "accepted").length).toBeGreaterThan(rounds * 10);
  expect(left).toEqual({ deliveries: 0, processes: 0, filling: 0 });
  expect(broken(notes, carried)).toEqual([]);
  expect(follows(notes, carried)).toEqual([]);
});

async function readStore(): Promise<Carried & { left: Record<string, number> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const count = async (from: string) => {
    const { rows } = await client.query(`SELECT count(*) AS count FROM ${schema}.${from}`);
    return Number(rows[0].count);
  };
  try {
    const { rows: events } = await client.query(`SELECT seq, id, body FROM ${schema}.events`);
    const { rows: dead } = await client.query(`SELECT subscription, event_id FROM ${schema}.dead_letters`);
    return {
      left: {
        deliveries: await count("deliveries"),
        processes: await count("processes"),
        filling: await count("subscriptions WHERE filling"),
      },
      events: new Map(
        events.map(({ seq, id, body }) => {
          const { type, metadata } = JSON.parse(body);
          return [String(id), { seq: Number(seq), type: String(type), cause: metadata.causationId }];
        }),
      ),
      dead: new Set(dead.map(({ subscription, event_id }) => `${subscription} ${event_id}`)),
    };
  } finally {
    await client.end();
  }
}
