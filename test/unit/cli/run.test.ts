import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { registry } from "../../../lib/cli/registry.ts";
import { workspace } from "./test-io.ts";

const paths = [
  ...registry.map(({ name }) => [name]),
  ...["list", "show", "delete"].map((name) => ["subscriptions", name]),
  ...["list", "show", "redrive", "discard"].map((name) => ["dlq", name]),
  ...["list", "show", "schema"].map((name) => ["catalog", name]),
  ["pattern", "test"],
];

describe("help", () => {
  test("is printed without arguments, lists every command and exits 0", async () => {
    const { code, out } = await workspace().waggle([]);
    expect(code).toBe(0);
    for (const { name, summary } of registry) {
      expect(out).toContain(`  ${name} `);
      expect(out.replaceAll(/\s+/g, " ")).toContain(summary);
    }
  });

  test.each(paths)("of %s %s has usage, examples and the common options", async (...path) => {
    const { code, out } = await workspace().waggle([...path, "--help"]);
    expect(code).toBe(0);
    expect(out).toContain(`Usage: waggle ${path.join(" ")}`);
    expect(out).toContain("Examples:");
    expect(out).toContain("--engine <name>");
    expect(out).toContain("--json");
  });

  test.each(paths.filter((path) => path.length === 2))("of %s %s lists its exit codes", async (...path) => {
    expect((await workspace().waggle([...path, "--help"])).out).toMatch(/Exit codes:\n {2}0 .*\n {2}1 /);
  });

  test("of a command is the same for `waggle help publish` and `waggle publish --help`", async () => {
    const { waggle } = workspace();
    expect((await waggle(["help", "publish"])).out).toBe((await waggle(["publish", "--help"])).out);
  });

  test("--version prints the version of package.json", async () => {
    const { code, out } = await workspace().waggle(["--version"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe("an invalid command line exits 2, with the usage and the nearest name", () => {
  test.each([
    [["publsh"], "Did you mean publish?", "usage: waggle "],
    [["help", "publsh"], 'did you mean "publish"?', "usage: waggle "],
    [["history", "--limt", "3"], "Did you mean --limit?", "usage: waggle history "],
    [["dlq", "lst"], 'did you mean "list"?', "usage: waggle dlq "],
    [["catalog", "shwo", "task.created"], 'did you mean "show"?', "usage: waggle catalog "],
    [["history", "--limit", "many"], "It must be an integer from 1.", "usage: waggle history "],
    [["history", "--since", "yesterday"], "how long ago", "usage: waggle history "],
    [["history", "--engine", "embeded"], 'did you mean "embedded"?', "usage: waggle history "],
    [["flow"], "missing required argument 'id'", "usage: waggle flow "],
    [["replay", "--all"], "required option '--to <subscription>'", "usage: waggle replay "],
    [["replay", "--to", "readers"], "missing selection", "usage: waggle replay "],
    [["dlq", "redrive"], "missing selection", "usage: waggle dlq redrive "],
    [["dlq", "discard", "--all", "--code", "timeout"], "cannot be used together", "usage: waggle dlq discard "],
    [["pattern", "test", "{"], "the pattern is not JSON", "usage: waggle pattern test "],
    [["publish", "task.created", "{}", "--data", "{}"], "cannot be used together", "usage: waggle publish "],
    [["publish", "--id", "one"], "--id is for a single event", "usage: waggle publish "],
    [["publish", "events.ndjson"], "--from events.ndjson", "usage: waggle publish "],
    [["publish", "task.created", "{nope"], "data is not JSON", "usage: waggle publish "],
  ])("%j", async (argv, message, usage) => {
    const { code, out, err } = await workspace().waggle(argv);
    expect(err).toContain(message);
    expect(err).toContain(usage);
    expect(out).toBe("");
    expect(code).toBe(2);
  });

  test("a group without a default command prints its usage", async () => {
    const { code, err } = await workspace().waggle(["pattern"]);
    expect(code).toBe(2);
    expect(err).toContain("Usage: waggle pattern");
  });
});

describe("a failure", () => {
  test("of the bus is printed as `code: message` without a stack, and exits 1", async () => {
    const { code, err } = await workspace().waggle(["publish", "task.creatd"]);
    expect(err).toMatch(/^unknown_type: .*did you mean "task.created"\?/);
    expect(err).not.toContain(" at ");
    expect(code).toBe(1);
  });

  test("is one JSON line on stderr with --json", async () => {
    const { code, err } = await workspace().waggle(["--json", "flow", "nowhere", "--file", "none.db"]);
    expect(JSON.parse(err)).toMatchObject({ error: { code: "not_found", details: { file: expect.any(String) } } });
    expect(code).toBe(1);
  });

  test("that is a bug is printed with its stack", async () => {
    const { start } = workspace();
    const now = () => {
      throw new TypeError("a mistake of ours");
    };
    const { code, err } = await start(["history", "--since", "1h"], { now }).ended;
    expect(err).toContain("a mistake of ours");
    expect(err).toMatch(/ at .*values\.ts/);
    expect(err).toContain("This is a bug");
    expect(code).toBe(1);
  });

  test("of the configuration suggests the nearest option", async () => {
    const { cwd, waggle } = workspace();
    writeFileSync(join(cwd, "waggle.config.mjs"), "export default { engin: 'memory' };\n");
    const { code, err } = await waggle(["history"]);
    expect(err).toMatch(/^invalid_config: .*unknown option engin; did you mean "engine"\?/);
    expect(code).toBe(1);
  });
});

describe("before anything is recorded", () => {
  test.each([
    [["history"]],
    [["flow", "x"]],
    [["stats"]],
    [["subscriptions"]],
    [["dlq"]],
    [["dlq", "redrive", "x"]],
    [["replay", "--to", "*", "--type", "x"]],
  ])("%j reports the missing file and does not create it", async (argv) => {
    const { waggle, file } = workspace();
    const { code, err } = await waggle(argv);
    expect(err).toMatch(/^not_found: nothing is recorded yet: \.waggle\/bus\.db does not exist; /);
    expect(code).toBe(1);
    expect(existsSync(file)).toBe(false);
  });

  test("the memory engine notes that it does not keep events", async () => {
    const { code, err } = await workspace().waggle(["history", "--engine", "memory"]);
    expect(err).toContain("only while this command runs");
    expect(code).toBe(0);
  });
});
