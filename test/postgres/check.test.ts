import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { checkPostgres, migratePostgres } from "../../lib/engines/postgres/index.ts";

const url = inject("postgresUrl");

test("a schema that is missing, one without grants, and one as the docs say, are told apart", async () => {
  const suffix = randomBytes(4).toString("hex");
  const schema = `check_${suffix}`;
  const role = `checker_${suffix}`;
  const owner = new pg.Pool({ connectionString: url });
  onTestFinished(() => owner.end());
  await owner.query(`CREATE ROLE ${role} LOGIN`);
  const asRole = { url: url.replace("postgres@", `${role}@`), schema };
  expect(await checkPostgres(asRole)).toMatchObject({ role, schema, version: undefined, missing: [] });

  const version = await migratePostgres({ url, schema });
  const ungranted = await checkPostgres(asRole);
  expect(ungranted).toMatchObject({ version: undefined, supported: version });
  expect(ungranted.missing).toContain(`USAGE on schema ${schema}`);

  const page = readFileSync(new URL("../../docs/postgres/engine.md", import.meta.url), "utf8");
  const [, sql = ""] = /```sql\n(.*?)```/s.exec(page) ?? [];
  await owner.query(sql.replaceAll("SCHEMA waggle", `SCHEMA ${schema}`).replaceAll("TO app", `TO ${role}`));
  expect(await checkPostgres(asRole)).toMatchObject({ version, missing: [] });

  await owner.query(`REVOKE DELETE ON ALL TABLES IN SCHEMA ${schema} FROM ${role}`);
  const { missing } = await checkPostgres(asRole);
  expect(missing).toContain(`DELETE on ${schema}.subscriptions`);
  expect(missing.every((one) => one.startsWith(`DELETE on ${schema}.`))).toBe(true);
});
