import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { engineOf } from "../../lib/bus/engine-of.ts";
import { type Bus, connect, forward, migrate } from "../../lib/index.ts";
import { digestOf } from "../../lib/migrate/digest.ts";
import { spawnWaggle } from "../e2e/cli/spawn-waggle.ts";
import { eventually } from "../support/eventually.ts";
import { fillBus } from "../support/fill-bus.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { openSchema } from "./support/open-schema.ts";

const url = inject("postgresUrl");
const common = { source: "test", logLevel: "silent", grace: 1 } as const;

async function open(options: object): Promise<Bus> {
  const bus: Bus = await Reflect.apply(connect, undefined, [{ ...common, ...options }]);
  onTestFinished(() => bus.close());
  return bus;
}

const schema = (word: string) => `${word}_${randomBytes(4).toString("hex")}`;
const postgres = (name = schema("moving")) => open({ engine: openSchema(`${url}#${name}`) });

async function directory(): Promise<string> {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  return path;
}

function contents(bus: Bus) {
  const engine = engineOf(bus);
  if (engine === undefined) throw new Error("it has an engine");
  return digestOf(engine, { counted: () => {} });
}

test("all that a file holds moves to PostgreSQL as it stands, history of days before among it, and back", async () => {
  const path = await directory();
  const [source, middle, back] = [
    await open({ engine: "embedded", file: join(path, "one.db") }),
    await postgres(),
    await open({ engine: "embedded", file: join(path, "two.db") }),
  ];
  const acceptedAt = Date.now() - 20 * 86_400_000;
  const old = {
    id: "old",
    type: "custom.old",
    source: "test",
    time: "2020-01-01T00:00:00Z",
    data: { text: "ä\u0000\ud83d\ude00" },
  };
  const metadata = { version: 1, correlationId: "old", priority: 5, tags: ["x"] };
  await engineOf(source)?.transfer?.addEvents([{ event: { ...old, metadata }, acceptedAt }]);
  await fillBus(source);
  const before = await contents(source);
  expect((await migrate(source, middle)).verified).toEqual(before);
  expect((await middle.history.query({ tag: "x" })).events).toEqual([{ ...old, metadata }]);
  await expect(middle.publish({ type: "custom.old", id: "old", data: {} })).rejects.toMatchObject({ code: "conflict" });
  const { verified } = await migrate(middle, back);
  // History has one event more, which says that all was moved.
  expect(verified.events?.count).toBe(before.events.count + 1);
  for (const kind of ["deliveries", "deadLetters", "subscriptions"] as const)
    expect(verified[kind]).toEqual(before[kind]);
});

test("what was waiting is delivered after the move, once, with its attempts", async () => {
  const source = await open({ engine: "embedded", file: join(await directory(), "bus.db") });
  await fillBus(source);
  const waiting = (await source.subscriptions.get("waiting"))?.waiting ?? 0;
  const target = await postgres();
  await migrate(source, target);
  const handled: string[] = [];
  await target.subscribe({ name: "waiting", on: "*" }, ({ id, metadata }) =>
    handled.push(`${id} ${metadata.replay?.id}`),
  );
  await eventually("all are handled", () => handled.length === waiting);
  expect(new Set(handled).size).toBe(waiting);
  await target.subscribe({ name: "ordered", on: "*", ordered: "data.key" }, () => {});
  await eventually("nothing is left", async () => (await target.subscriptions.get("ordered"))?.waiting === 0);
});

test("a migration that is killed again and again goes on where it was", { timeout: 120_000 }, async () => {
  const path = await directory();
  const file = join(path, "bus.db");
  const source = await open({ engine: "embedded", file });
  await (await source.subscribe({ name: "all", on: "*" }, () => {})).close();
  const drafts = Array.from({ length: 3_000 }, (_, n) => ({ type: "custom.many", data: { n } }) as const);
  await source.publishAll(drafts);
  const before = await contents(source);
  await source.close();
  // The command uses the schema waggle; a database of its own keeps other tests apart.
  const database = schema("moved");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE DATABASE ${database}`);
  await client.end();
  const targetUrl = new URL(url);
  targetUrl.pathname = `/${database}`;
  const move = () =>
    spawnWaggle(path, ["migrate", "--from-file", file, "--to", "postgres", "--to-url", targetUrl.href, "--json"]);
  const watcher = new pg.Client({ connectionString: targetUrl.href });
  await watcher.connect();
  onTestFinished(() => watcher.end());
  const rows = async (): Promise<number> => {
    const { rows: found } = await watcher.query("SELECT to_regclass('waggle.deliveries') IS NOT NULL AS made");
    if (found[0]?.made !== true) return 0;
    const sql = "SELECT (SELECT count(*) FROM waggle.events) + (SELECT count(*) FROM waggle.deliveries) AS count";
    return Number((await watcher.query(sql)).rows[0]?.count);
  };
  let killed = 0;
  for (let before = 0; killed < 4; killed += 1) {
    const { child, ended } = move();
    let gone = false;
    ended.then(() => {
      gone = true;
    });
    while ((await rows()) <= before && !gone) await wait(1);
    child.kill("SIGKILL");
    if ((await ended).code !== null) break;
    before = await rows();
  }
  expect(killed).toBeGreaterThan(1);
  const { code, stderr, stdout } = await move().ended;
  expect([code, stderr]).toEqual([0, ""]);
  const report = JSON.parse(stdout);
  if (report.movedBefore === undefined) expect(report.verified).toEqual(before);
  const target = await open({ engine: openSchema(`${targetUrl.href}#waggle`) });
  expect((await contents(target)).deliveries).toEqual(before.deliveries);
});

test("a file and a database mirror each other, each event once", async () => {
  const here = await open({ engine: "embedded", file: join(await directory(), "bus.db") });
  const there = await postgres();
  await forward(here, { to: there, path: { from: "here", to: "there" } });
  await forward(there, { to: here, path: { from: "there", to: "here" } });
  await Promise.all(
    [here, there].map((bus, of) =>
      bus.publishAll(Array.from({ length: 50 }, (_, n) => ({ type: "custom.said", data: { n }, id: `${of}-${n}` }))),
    ),
  );
  const count = async (bus: Bus) => (await bus.history.query({ limit: 1_000 })).events.length;
  await eventually("both have all", async () => (await count(here)) === 100 && (await count(there)) === 100);
  await eventually("nothing is under way", async () => {
    const states = [...(await here.subscriptions.list()), ...(await there.subscriptions.list())];
    return states.every(
      ({ waiting, running, delayed, deadLetters }) => waiting + running + delayed + deadLetters === 0,
    );
  });
  expect([await count(here), await count(there)]).toEqual([100, 100]);
});
