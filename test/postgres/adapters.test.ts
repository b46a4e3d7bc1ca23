import { randomBytes } from "node:crypto";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { drizzle as drizzleOnPostgresJs } from "drizzle-orm/postgres-js";
import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Bus, connect } from "../../lib/index.ts";
import { fromDrizzle, fromKysely, fromPostgresJs, fromPrisma, postgresEngine } from "../../lib/postgres-entry.ts";
import { findPrisma } from "./support/prisma.ts";

const url = inject("postgresUrl");
const schema = `adapters_${randomBytes(4).toString("hex")}`;
const type = "custom.order.placed";

let bus: Bus;
const openPrisma = findPrisma();
const prisma = typeof openPrisma === "string" ? undefined : openPrisma(url);
const pool = new pg.Pool({ connectionString: url });
const sql = postgres(url, { max: 2, onnotice: () => {} });
const kysely = new Kysely<object>({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) }) });
beforeAll(async () => {
  bus = await connect({ engine: postgresEngine({ url, schema }), source: "shop" });
});
afterAll(async () => {
  await bus.close();
  await Promise.all([pool.end(), sql.end(), kysely.destroy(), prisma?.$disconnect()]);
});

/** Runs what is given in a transaction of the library: `tx` is what a publish takes. What it throws rolls back. */
type InTransaction = (act: (tx: object) => Promise<void>) => Promise<unknown>;

const libraries: readonly (readonly [name: string, run: InTransaction])[] = [
  ["postgres", (act) => sql.begin((tx) => act(fromPostgresJs(tx)))],
  ["Drizzle on pg", (act) => drizzle(pool).transaction((tx) => act(fromDrizzle(tx, drizzleSql)))],
  ["Drizzle on postgres", (act) => drizzleOnPostgresJs(sql).transaction((tx) => act(fromDrizzle(tx, drizzleSql)))],
  ["Kysely", (act) => kysely.transaction().execute((trx) => act(fromKysely(trx, CompiledQuery)))],
  ...(prisma === undefined
    ? []
    : [["Prisma", (act: Parameters<InTransaction>[0]) => prisma.$transaction((tx) => act(fromPrisma(tx)))] as const]),
];

test.skipIf(prisma === undefined)(`Prisma is there${prisma === undefined ? `: ${openPrisma}` : ""}`, () => {
  expect(prisma).toBeDefined();
});

describe.each(libraries)("%s", (_, run) => {
  test("an event is accepted with its transaction, whatever text is in it", async () => {
    const ids: string[] = [];
    await run(async (tx) => {
      for (const text of ["Grüße $1 ' \\ \u0000 \"", "{}"]) {
        const event = await bus.publish({ type, data: { text } }, { tx });
        ids.push(event.id);
      }
      expect(await bus.history.get(ids[0] ?? "")).toBeUndefined();
    });
    const data = await Promise.all(ids.map(async (id) => (await bus.history.get(id))?.data));
    expect(data).toEqual([{ text: "Grüße $1 ' \\ \u0000 \"" }, { text: "{}" }]);
  });

  test("what is rolled back was never there; a duplicate is told", async () => {
    const first = await bus.publish({ type, data: { n: 1 }, id: `first-${_}` });
    const failed = new Error("no");
    let lost = "";
    const running = run(async (tx) => {
      expect(await bus.publish({ type, data: { n: 1 }, id: `first-${_}` }, { tx })).toEqual(first);
      lost = (await bus.publish({ type, data: { n: 2 } }, { tx })).id;
      throw failed;
    });
    await expect(running).rejects.toBe(failed);
    expect(await bus.history.get(lost)).toBeUndefined();
  });
});
