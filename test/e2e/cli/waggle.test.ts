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
  test("publish valid lines of NDJSON on stdin, report the invalid ones and exit 1", async () => {
    const cwd = await folder();
    const published = await waggle(cwd, ["publish"], `${task("a")}{oops\n${task("b")}`);
    expect(published.stderr).toMatch(/^stdin:2: invalid_event: not JSON: [^\n]*\n$/);
    expect(published.stdout).toMatch(/^✗ 2 events published, 1 failed/);
    expect(published.code).toBe(1);
    const history = await waggle(cwd, ["history", "--json"]);
    expect(parseLines(history.stdout)).toMatchObject([{ data: { taskId: "b" } }, { data: { taskId: "a" } }]);
    expect(history.code).toBe(0);
  });

  test("exit 2 for a usage error and 1 for a failure", async () => {
    const cwd = await folder();
    expect((await waggle(cwd, ["histroy"])).code).toBe(2);
    expect((await waggle(cwd, ["history"])).code).toBe(1);
  });

  test("use the database of the environment unless an option is given", async () => {
    const cwd = await folder();
    const env = { WAGGLE_FILE: "env.db", WAGGLE_SOURCE: "env-source" };
    await waggle(cwd, ["publish", "custom.one"], "", { env });
    await waggle(cwd, ["publish", "custom.two", "--file", "option.db"], "", { env });
    const fromEnv = await waggle(cwd, ["history", "--json"], "", { env });
    expect(parseLines(fromEnv.stdout)).toMatchObject([{ type: "custom.one", source: "env-source" }]);
    const fromOption = await waggle(cwd, ["history", "--json", "--file", "option.db"]);
    expect(parseLines(fromOption.stdout)).toMatchObject([{ type: "custom.two" }]);
  });

  test("use the catalog of waggle.config.ts", async () => {
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
    // The user's project has its own zod; the package is the one that runs.
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

describe("an interruption", () => {
  test("by SIGINT stops publish after the lines read so far, with exit code 130", async () => {
    const cwd = await folder();
    const { child, stdout, ended } = spawnWaggle(cwd, ["publish", "--json"]);
    child.stdin.write(task("a"));
    await stdout.contains('"ok":true');
    child.stdin.write('{"type":"task.created","da');
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(parseLines((await waggle(cwd, ["history", "--json"])).stdout)).toHaveLength(1);
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "by %s stops tail, which shows events of other processes, with exit code 0",
    async (signal) => {
      const cwd = await folder();
      await waggle(cwd, ["publish", "custom.first"]);
      const { child, stdout, ended } = spawnWaggle(cwd, ["tail", "--since", "1h", "--json"]);
      await stdout.contains("custom.first");
      await waggle(cwd, ["publish", "custom.second"]);
      await stdout.contains("custom.second");
      child.kill(signal);
      expect(await ended).toMatchObject({ code: 0, stderr: "" });
    },
  );

  test.each(["SIGINT", "SIGTERM"] as const)(
    "by a second %s ends a command that does not stop, with exit code 130",
    async (signal) => {
      const cwd = await folder();
      // The second signal comes later than a copy of the first one that npm forwards.
      writeFileSync(
        join(cwd, "waggle.config.mjs"),
        `process.on("${signal}", () => setTimeout(() => console.error("asked"), 300)); console.error("stuck"); await new Promise(() => {});\n`,
      );
      const { child, stderr, ended } = spawnWaggle(cwd, ["history"]);
      await stderr.contains("stuck");
      child.kill(signal);
      await stderr.contains("asked");
      child.kill(signal);
      expect((await ended).code).toBe(130);
    },
  );

  test("by a closed output ends a long list silently with exit code 0", async () => {
    const cwd = await folder();
    await waggle(cwd, ["publish"], task("x".repeat(1_000)).repeat(3_000));
    const { child, stdout, ended } = spawnWaggle(cwd, ["history", "--json", "--limit", "3000"]);
    await stdout.contains("\n");
    child.stdout.destroy();
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });

  test("does not happen for a slow reader, which gets every line", async () => {
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

test("output has colours only if requested", async () => {
  const cwd = await folder();
  await waggle(cwd, ["publish", "custom.one"]);
  const sgr = "\u001b[";
  expect((await waggle(cwd, ["history"])).stdout).not.toContain(sgr);
  expect((await waggle(cwd, ["history"], "", { env: { FORCE_COLOR: "1" } })).stdout).toContain(sgr);
  expect((await waggle(cwd, ["--help"], "", { env: { FORCE_COLOR: "1" } })).stdout).toContain(sgr);
  const both = { FORCE_COLOR: "1", NO_COLOR: "1" };
  expect((await waggle(cwd, ["history"], "", { env: both })).stdout).not.toContain(sgr);
});

test("printing help loads neither the bus nor zod", async () => {
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
  const loadedBy = async (program: "dist/bin/waggle.js" | "bin/waggle.ts", ...argv: string[]) => {
    writeFileSync(join(cwd, "loaded.txt"), "");
    expect(await waggle(cwd, [...argv, "--help"], "", { node, program })).toMatchObject({ code: 0 });
    return readFileSync(join(cwd, "loaded.txt"), "utf8");
  };
  expect(await loadedBy("bin/waggle.ts")).toContain("/lib/cli/run.ts");
  const sources = await loadedBy("bin/waggle.ts", "publish");
  expect(sources).toContain("/lib/cli/commands/publish.ts");
  expect(sources).not.toMatch(/\/zod\/|\/lib\/(connect|engines|catalog|pattern)\/|node:sqlite/);
  const built = await loadedBy("dist/bin/waggle.js", "publish");
  expect(built).toMatch(/\/chunks\/publish-[^/]*\.js\n/);
  expect(built).not.toMatch(/\/zod\/|node:sqlite/);
  // Of what the library itself loads, there is only what the command's parts need.
  expect(built.match(/\/chunks\/library-[^/]*\.js\n/g)?.filter((chunk) => !chunk.includes("-parts-"))).toEqual([]);
});
