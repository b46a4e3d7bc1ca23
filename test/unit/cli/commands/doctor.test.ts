import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { withoutSecrets } from "../../../../lib/cli/doctor/finding.ts";
import { NonRetriableError } from "../../../../lib/delivery/handler-errors.ts";
import { workspace } from "../test-io.ts";

test("a sound bus has no finding but ok", async () => {
  const { waggle, bus } = workspace();
  await bus(async (opened) => {
    await opened.subscribe({ name: "readers", on: "custom.*" }, () => {});
    const { id } = await opened.publish({ type: "custom.one", data: {} });
    await opened.settled(id);
  });
  const { code, json } = await waggle(["doctor", "--json"]);
  expect(json.map(({ check, state }) => `${check} ${state}`)).toEqual([
    "node ok",
    "config ok",
    "file ok",
    "integrity ok",
    "log ok",
    expect.stringMatching(/^disk (ok|warning)$/),
    "engine ok",
    "history ok",
    "subscription ok",
    "dead-letters ok",
  ]);
  expect(code).toBe(0);
});

test("a dead letter is a warning with its command, which --strict exits 1 for", async () => {
  const { waggle, bus } = workspace();
  await bus(async (opened) => {
    await opened.subscribe({ name: "readers", on: "custom.*" }, () => {
      throw new NonRetriableError("no");
    });
    const { id } = await opened.publish({ type: "custom.one", data: {} });
    await opened.settled(id);
  });
  const { code, out } = await waggle(["doctor", "--no-integrity"]);
  expect(out).toContain(
    "! subscription   readers: 1 dead letter\n  fix:           waggle dlq list --subscription readers; fix the cause, then redrive\n",
  );
  expect(out).not.toContain("integrity");
  expect(code).toBe(0);
  expect((await waggle(["doctor", "--strict"])).code).toBe(1);
});

test("a damaged file fails with what SQLite found, and is not opened", async () => {
  const { waggle, bus, file } = workspace();
  await bus(async (opened) => {
    for (let n = 0; n < 200; n += 1) await opened.publish({ type: "custom.one", data: { n, text: "x".repeat(500) } });
  });
  truncateSync(file, Math.floor(readFileSync(file).length / 8_192) * 4_096);
  const { code, out } = await waggle(["doctor"]);
  expect(out).toMatch(/^✗ (integrity|store) /m);
  expect(out).not.toContain("✓ engine");
  expect(code).toBe(1);
});

test("a missing file is a warning, and is not made", async () => {
  const { waggle, file } = workspace();
  const { code, json } = await waggle(["doctor", "--json"]);
  expect(json.at(-1)).toMatchObject({ check: "file", state: "warning" });
  expect(code).toBe(0);
  expect(() => readFileSync(file)).toThrow("ENOENT");
});

test.for([
  ["postgres://user:p@ss/w@db:9/none?a=b&password=x&c=d", "postgres://user:***@db:9/none?a=b&password=***&c=d"],
  ["postgres://db/none?user=u&sslpassword=x", "postgres://db/none?user=u&sslpassword=***"],
  ["no server http://u:x@host, and no http://u:x@other", "no server http://u:***@host, and no http://u:***@other"],
  ["engine kafka, one:9092,two:9092", "engine kafka, one:9092,two:9092"],
])("passwords are masked in %s", ([text, shown]) => {
  expect(withoutSecrets(String(text))).toBe(shown);
});

test("another program's file, a wrong configuration and a server that is not there fail with a fix", async () => {
  const { waggle, cwd, file } = workspace();
  mkdirSync(join(cwd, ".waggle"));
  writeFileSync(file, "not a database, but long enough to be looked at as one");
  expect(await waggle(["doctor", "--json"])).toMatchObject({
    code: 1,
    json: [{ state: "ok" }, { state: "ok" }, { check: "store", state: "failed", fix: expect.any(String) }],
  });
  writeFileSync(join(cwd, "waggle.config.mjs"), "export default { engin: 'memory' };");
  expect(await waggle(["doctor", "--json"])).toMatchObject({
    code: 1,
    json: [
      { check: "node" },
      { check: "config", state: "failed", text: expect.stringContaining('did you mean "engine"') },
    ],
  });
  writeFileSync(join(cwd, "other.mjs"), "export default {};");
  const url = "postgres://user:secret@127.0.0.1:9/none?sslpassword=secret";
  const { code, json } = await waggle([
    "doctor",
    "--config",
    "other.mjs",
    "--engine",
    "postgres",
    "--url",
    url,
    "--json",
  ]);
  expect(json.at(-1)).toMatchObject({ check: "store", state: "failed" });
  expect(JSON.stringify(json)).not.toContain("secret");
  expect(code).toBe(1);
});
