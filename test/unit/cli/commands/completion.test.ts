import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { commandTable } from "../../../../lib/cli/completion/command-table.ts";
import { registry } from "../../../../lib/cli/registry.ts";
import { testIo, workspace } from "../test-io.ts";

const has = (shell: string) => spawnSync(shell, ["-c", "exit 0"]).status === 0;

/** What bash offers for the words of a command line, the last of which is being typed. */
async function offered(words: readonly string[]): Promise<string[]> {
  const { out } = await workspace().waggle(["completion", "bash"]);
  const line = ["waggle", ...words].map((word) => `'${word}'`).join(" ");
  const script = `${out}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _waggle; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["--norc", "-c", script], { encoding: "utf8" }).trim().split("\n");
}

test("the table has every command with its subcommands, options and choices", async () => {
  const { io } = testIo("/", {});
  const table = await commandTable(io, registry);
  const [root] = table;
  expect(root?.subcommands.map(({ name }) => name)).toEqual([...registry.map(({ name }) => name), "help"]);
  for (const { name } of registry) expect(table.map(({ path }) => path)).toContain(name);
  expect(table.find(({ path }) => path === "dlq list")?.options).toContainEqual(
    expect.objectContaining({ flags: ["-s", "--subscription"], takesValue: true }),
  );
  expect(table.find(({ path }) => path === "schema check")?.options).toContainEqual(
    expect.objectContaining({ flags: ["--format"], choices: ["text", "github"] }),
  );
});

test.skipIf(!has("bash"))("bash completes commands, subcommands, options and values", async () => {
  expect(await offered([""])).toEqual([...registry.map(({ name }) => name), "help"]);
  expect(await offered(["expl"])).toEqual(["explain"]);
  expect(await offered(["dlq", "re"])).toEqual(["redrive"]);
  expect(await offered(["--json", "dlq", "list", "--subs"])).toEqual(["--subscription"]);
  expect(await offered(["export", "--format", "cl"])).toEqual(["cloudevents"]);
  expect(await offered(["flow", "--wa"])).toEqual(["--watch"]);
  // The value of an option, and an argument, are for the completion of file names.
  expect(await offered(["export", "--out", ""])).toEqual([""]);
  expect(await offered(["import", ""])).toEqual([""]);
});

test.skipIf(!has("zsh"))("zsh accepts its script", async () => {
  const { out } = await workspace().waggle(["completion", "zsh"]);
  const script = `autoload -Uz compinit; compinit -u -D; ${out}\nprint -r -- $_comps[waggle]`;
  expect(execFileSync("zsh", ["-f", "-c", script], { encoding: "utf8" })).toBe("_waggle\n");
});

test.skipIf(!has("fish"))("fish completes commands and options", async () => {
  const { out } = await workspace().waggle(["completion", "fish"]);
  const offers = (line: string) =>
    execFileSync("fish", ["--no-config", "-c", `${out}\ncomplete -C '${line}'`], { encoding: "utf8" });
  expect(offers("waggle expl")).toMatch(/^explain\t/);
  expect(offers("waggle dlq re")).toMatch(/^redrive\t/);
  expect(offers("waggle export --format cl")).toContain("cloudevents");
});

test("each script names every command, and another shell is a usage error", async () => {
  const { waggle } = workspace();
  for (const shell of ["bash", "zsh", "fish"]) {
    const { out, code } = await waggle(["completion", shell]);
    for (const { name } of registry) expect(out).toMatch(new RegExp(`\\b${name}\\b`));
    expect(code).toBe(0);
  }
  expect(await waggle(["completion", "csh"])).toMatchObject({ code: 2 });
  expect((await waggle(["completion", "bash", "--json"])).json).toMatchObject([{ shell: "bash" }]);
});
