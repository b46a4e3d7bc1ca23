import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { connect } from "../../lib/index.ts";
import { postgresEngine } from "../../lib/postgres-entry.ts";
import { waggle } from "../e2e/cli/spawn-waggle.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const url = inject("postgresUrl");
const suffix = randomBytes(4).toString("hex");
const schema = `roles_${suffix}`;
const app = `app_${suffix}`;
const publisher = `publisher_${suffix}`;
const type = "custom.granted";

const as = (role: string) => url.replace("postgres@", `${role}@`);
let owner: pg.Pool;
beforeAll(() => {
  owner = new pg.Pool({ connectionString: url });
});
afterAll(() => owner.end());

/** Runs the command in an empty folder. */
async function inFolder(args: string[]): Promise<{ stdout: string }> {
  const { path, remove } = await temporaryDirectory();
  try {
    const { code, stderr, stdout } = await waggle(path, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return { stdout };
  } finally {
    await remove();
  }
}

/** The statements of the page that says what to grant. */
function grants(): string {
  const page = readFileSync(new URL("../../docs/postgres/engine.md", import.meta.url), "utf8");
  const [, sql = ""] = /```sql\n(.*?)```/s.exec(page) ?? [];
  return sql.replaceAll("SCHEMA waggle", `SCHEMA ${schema}`).replaceAll("TO app", `TO ${app}`);
}

test("a schema made by its owner from what the command prints serves a role with the rights that the docs name", async () => {
  const missing = connect({ engine: postgresEngine({ url, schema, migrate: false }), source: "test" });
  await expect(missing).rejects.toMatchObject({ code: "invalid_config", message: expect.stringContaining("--print") });

  const { stdout } = await inFolder(["postgres", "migrate", "--print", "--schema", schema]);
  await owner.query(stdout);
  await owner.query(`CREATE ROLE ${app} LOGIN; CREATE ROLE ${publisher} LOGIN; ${grants()}
    GRANT USAGE ON SCHEMA ${schema} TO ${publisher};
    GRANT EXECUTE ON FUNCTION ${schema}.append_in TO ${publisher}`);
  const bus = await connect({ engine: postgresEngine({ url: as(app), schema, migrate: false }), source: "test" });
  const handled: string[] = [];
  const subscriber = await bus.subscribe({ name: "granted", on: type, ordered: "data.key" }, ({ id }) =>
    handled.push(id),
  );
  const event = await bus.publish({ type, data: { key: "a" } });

  const client = new pg.Client({ connectionString: as(publisher) });
  await client.connect();
  await client.query("BEGIN");
  const inTransaction = await bus.publish({ type, data: { key: "a" } }, { tx: client });
  await client.query("COMMIT");
  await expect(client.query(`SELECT FROM ${schema}.events`)).rejects.toThrow("permission denied");
  await client.end();

  await bus.settled(event.id);
  await bus.settled(inTransaction.id);
  expect(handled).toEqual([event.id, inTransaction.id]);
  await subscriber.close();
  expect(await bus.subscriptions.delete("granted")).toBe(true);
  await bus.close();
});

test("a bus by name and URL alone, for code and for the command", async () => {
  const bus = await connect({ engine: "postgres", url, source: "test" });
  const event = await bus.publish({ type, data: {} });
  await bus.close();
  const { stdout } = await inFolder(["history", "--json", "--engine", "postgres", "--url", url]);
  expect(JSON.parse(stdout)).toEqual(event);
  await owner.query("DROP SCHEMA waggle CASCADE");
});

test("a schema of a newer version is refused, and so is a role whose transactions see the past", async () => {
  const newer = `newer_${suffix}`;
  await (await connect({ engine: postgresEngine({ url, schema: newer }), source: "test" })).close();
  await owner.query(`UPDATE ${newer}.meta SET version = 999`);
  await expect(connect({ engine: postgresEngine({ url, schema: newer }), source: "test" })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("its version is 999"),
  });
  await owner.query(`ALTER ROLE ${app} SET default_transaction_isolation = 'repeatable read'`);
  await expect(connect({ engine: postgresEngine({ url: as(app), schema }), source: "test" })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining('"repeatable read"'),
  });
});

test.each(["Waggle", "pg_bus", "a-b", "", "x".repeat(41)])("%j is no name of a schema", async (name) => {
  await expect(connect({ engine: postgresEngine({ url, schema: name }), source: "test" })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("schema"),
  });
});
