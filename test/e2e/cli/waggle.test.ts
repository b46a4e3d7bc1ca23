import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { parseLines, spawnWaggle, waggle } from "./spawn-waggle.ts";

async function folder(): Promise<string> {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  return path;
}

const task = (taskId: string) => `{"type":"task.created","data":{"taskId":"${taskId}"}}\n`;

describe("publish and history", () => {
  test("of NDJSON on stdin the good lines go through, the bad ones are named, exit 1", async () => {
    const cwd = await folder();
    const published = await waggle(cwd, ["publish"], `${task("a")}{oops\n${task("b")}`);
    expect(published.stderr).toMatch(/^stdin:2: invalid_event: not JSON: [^\n]*\n$/);
    expect(published.stdout).toMatch(/^✗ 2 events published, 1 failed/);
    expect(published.code).toBe(1);
    const history = await waggle(cwd, ["history", "--json"]);
    expect(parseLines(history.stdout)).toMatchObject([{ data: { taskId: "b" } }, { data: { taskId: "a" } }]);
    expect(history.code).toBe(0);
  });

  test("a usage error exits 2, a failure 1", async () => {
    const cwd = await folder();
    expect((await waggle(cwd, ["histroy"])).code).toBe(2);
    expect((await waggle(cwd, ["history"])).code).toBe(1);
  });

  test("the environment names the database, an option wins", async () => {
    const cwd = await folder();
    const env = { WAGGLE_FILE: "env.db", WAGGLE_SOURCE: "env-source" };
    await waggle(cwd, ["publish", "custom.one"], "", { env });
    await waggle(cwd, ["publish", "custom.two", "--file", "option.db"], "", { env });
    const fromEnv = await waggle(cwd, ["history", "--json"], "", { env });
    expect(parseLines(fromEnv.stdout)).toMatchObject([{ type: "custom.one", source: "env-source" }]);
    const fromOption = await waggle(cwd, ["history", "--json", "--file", "option.db"]);
    expect(parseLines(fromOption.stdout)).toMatchObject([{ type: "custom.two" }]);
  });

  test("waggle.config.ts brings its own catalog", async () => {
    const cwd = await folder();
    writeFileSync(
      join(cwd, "waggle.config.ts"),
      `import { createCatalog, defineConfig, defineEvent } from "wagglebus";
      import * as z from "zod";
      const opened: string = "shop.door.opened";
      export default defineConfig({
        source: "shop",
        catalog: createCatalog([defineEvent(opened, { version: 1, description: "A door opened.", data: z.looseObject({ door: z.string() }) })]),
      });\n`,
    );
    // Zod is the user's own; the package is the one that runs.
    const zod = pathToFileURL(join(import.meta.dirname, "../../../node_modules/zod/index.js")).href;
    const config = readFileSync(join(cwd, "waggle.config.ts"), "utf8").replace('"zod"', JSON.stringify(zod));
    writeFileSync(join(cwd, "waggle.config.ts"), config);
    const published = await waggle(cwd, ["publish", "shop.door.opened", '{"door":"front"}', "--json"]);
    expect(published.stderr).toBe("");
    expect(parseLines(published.stdout)).toMatchObject([{ ok: true, event: { source: "shop" } }]);
    expect((await waggle(cwd, ["publish", "shop.door.opend"])).stderr).toContain('did you mean "shop.door.opened"?');
    expect((await waggle(cwd, ["catalog", "list"])).stdout).toContain("A door opened.");
  });
});

describe("interruptions", () => {
  test("publish at SIGINT: what was read is stored, the rest is not, exit 130", async () => {
    const cwd = await folder();
    const { child, stdout, ended } = spawnWaggle(cwd, ["publish", "--json"]);
    child.stdin.write(task("a"));
    await stdout.holds('"ok":true');
    child.stdin.write('{"type":"task.created","da');
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(parseLines((await waggle(cwd, ["history", "--json"])).stdout)).toHaveLength(1);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "tail shows what another process publishes, and ends at %s with 0",
    async (signal) => {
      const cwd = await folder();
      await waggle(cwd, ["publish", "custom.first"]);
      const { child, stdout, ended } = spawnWaggle(cwd, ["tail", "--since", "1h", "--json"]);
      await stdout.holds("custom.first");
      await waggle(cwd, ["publish", "custom.second"]);
      await stdout.holds("custom.second");
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 0, stderr: "" });
    },
  );

  test.each(["SIGINT", "SIGTERM"] as const)(
    "a second %s ends a command that does not stop, with 130",
    async (signal) => {
      const cwd = await folder();
      // The second is sent when a copy of the first, as npm passes it on, would be long past.
      writeFileSync(
        join(cwd, "waggle.config.mjs"),
        `process.on("${signal}", () => setTimeout(() => console.error("asked"), 300)); console.error("stuck"); await new Promise(() => {});\n`,
      );
      const { child, stderr, ended } = spawnWaggle(cwd, ["history"]);
      await stderr.holds("stuck");
      child.kill(signal);
      await stderr.holds("asked");
      child.kill(signal);
      expect((await ended).code).toBe(130);
    },
  );

  test("a reader that has seen enough ends a long list, quietly and with 0", async () => {
    const cwd = await folder();
    await waggle(cwd, ["publish"], task("x".repeat(1_000)).repeat(3_000));
    const { child, stdout, ended } = spawnWaggle(cwd, ["history", "--json", "--limit", "3000"]);
    await stdout.holds("\n");
    child.stdout.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });

  test("a reader that comes late gets every line", async () => {
    const cwd = await folder();
    await waggle(cwd, ["publish"], task("x".repeat(1_000)).repeat(3_000));
    const { child, stdout, ended } = spawnWaggle(cwd, ["history", "--json", "--limit", "3000"]);
    child.stdout.pause();
    await new Promise<void>((resolve) => setImmediate(resolve));
    child.stdout.resume();
    expect((await ended).code).toBe(0);
    expect(parseLines(stdout.text)).toHaveLength(3_000);
  });
});

test("colour only where it is asked for", async () => {
  const cwd = await folder();
  await waggle(cwd, ["publish", "custom.one"]);
  const sgr = "\u001b[";
  expect((await waggle(cwd, ["history"])).stdout).not.toContain(sgr);
  expect((await waggle(cwd, ["history"], "", { env: { FORCE_COLOR: "1" } })).stdout).toContain(sgr);
  expect((await waggle(cwd, ["--help"], "", { env: { FORCE_COLOR: "1" } })).stdout).toContain(sgr);
  const both = { FORCE_COLOR: "1", NO_COLOR: "1" };
  expect((await waggle(cwd, ["history"], "", { env: both })).stdout).not.toContain(sgr);
});

test("help loads neither the bus nor zod", async () => {
  const cwd = await folder();
  writeFileSync(
    join(cwd, "record.mjs"),
    `import { appendFileSync } from "node:fs";
    import { registerHooks } from "node:module";
    registerHooks({
      load(url, context, next) {
        appendFileSync("loaded.txt", url + "\\n");
        return next(url, context);
      },
    });\n`,
  );
  const node = ["--import", pathToFileURL(join(cwd, "record.mjs")).href];
  await waggle(cwd, ["--help"], "", { node });
  await waggle(cwd, ["publish", "--help"], "", { node });
  const loaded = readFileSync(join(cwd, "loaded.txt"), "utf8");
  expect(loaded).toContain("/lib/cli/run.ts");
  expect(loaded).toContain("/lib/cli/commands/publish.ts");
  expect(loaded).not.toMatch(/\/zod\/|\/lib\/(connect|engines|catalog|pattern)\/|node:sqlite/);
});
