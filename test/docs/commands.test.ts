import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Command } from "commander";
import picocolors from "picocolors";
import { expect, test } from "vitest";
import { crewCommand } from "../../examples/crew/command.ts";
import type { CliIo, CliOutput } from "../../lib/cli/io.ts";
import { commandProgram } from "../../lib/cli/program.ts";
import { registry } from "../../lib/cli/registry.ts";
import { compilePattern } from "../../lib/pattern/index.ts";
import { subscriptionPattern, subscriptionRecord } from "../../lib/subscription/index.ts";
import { blocksOf, readPages, root } from "./pages.ts";

interface Line {
  readonly name: string;
  readonly words: readonly string[];
}

/** The command lines of every `sh` block, without comments, what is piped apart, what follows a backslash with it. */
const lines: Line[] = readPages()
  .flatMap(blocksOf)
  .filter(({ language }) => language === "sh")
  .flatMap(({ code, line, page }) =>
    code
      .join("\n")
      .replace(/\\\n/g, "  ")
      .split("\n")
      .flatMap((text, index) =>
        pipeline(text).map((words) => ({ name: `${page}:${line + index} ${words.join(" ")}`, words })),
      ),
  );

/** The commands of a line, each as its words; quotes taken away, redirections left out. */
function pipeline(text: string): string[][] {
  const commands: string[][] = [[]];
  for (const [, word = ""] of text.matchAll(/((?:'[^']*'|"[^"]*"|[^\s'"])+)/g)) {
    if (word.startsWith("#")) break;
    if (word === "|" || word === "&&") commands.push([]);
    else commands.at(-1)?.push(word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
  }
  return commands
    .map((words) => words.filter((word, index) => !/^[<>]/.test(word) && !/^[<>]$/.test(words[index - 1] ?? "")))
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))))
    .filter((words) => words.length > 0);
}

/** The words for `waggle`, where the line is a call of it. */
function waggleWords([first, second, third, ...rest]: readonly string[]): string[] | undefined {
  const words = [second, third, ...rest].flatMap((word) => word ?? []);
  if (first === "waggle") return words;
  if (first === "npx" && second === "waggle") return words.slice(1);
  return first === "npm" && second === "run" && third === "waggle" ? rest.slice(1) : undefined;
}

const silent: CliOutput = {
  isTTY: false,
  columns: 80,
  colors: picocolors.createColors(false),
  write: () => {},
  drained: async () => {},
};

const io: CliIo = {
  stdin: { isTTY: false, stream: Readable.from([]) },
  stdout: silent,
  stderr: silent,
  env: {},
  cwd: root,
  now: () => 0,
  signal: new AbortController().signal,
  exitCode: 0,
};

const calls = lines.flatMap(({ name, words }) => {
  const call = waggleWords(words);
  return call === undefined ? [] : [{ name, words: call }];
});

test("there are calls of the command", () => {
  expect(calls.length).toBeGreaterThan(10);
});

const deployed = calls.filter(({ name, words }) => words[0] === "publish" && /^(README|docs\/aws\/)/.test(name));

test.each(deployed)("$name reaches a function of the crew, which is what is deployed", async ({ words }) => {
  const [type = "", data = ""] = words.slice(1);
  const event = { id: "a", type, source: "waggle-cli", data: JSON.parse(data), metadata: { priority: 5 } };
  const names = readdirSync(join(root, "functions")).filter((name) => !name.startsWith("_"));
  const subscriptions = await Promise.all(
    names.map(async (name) => subscriptionRecord((await import(`../../functions/${name}/subscription.ts`)).default)),
  );
  const reached = subscriptions.filter((one) => compilePattern(subscriptionPattern(one))(event));
  expect(reached.map(({ name }) => name)).not.toEqual([]);
  expect(deployed.length).toBeGreaterThanOrEqual(3);
});

test.each(calls)("$name", async ({ words }) => {
  const [name = "", ...rest] = words;
  if (name.startsWith("-")) return;
  const registration = registry.find((one) => one.name === name);
  expect(registration, `there is no command ${name}`).toBeDefined();
  if (registration === undefined) return;
  const program = await commandProgram(io, registration);
  let command = child(program, name) ?? program;
  let from = 0;
  for (let next = child(command, rest[from] ?? ""); next !== undefined; next = child(command, rest[from] ?? "")) {
    command = next;
    from += 1;
  }
  // Where options follow a group, they are those of what the group does by default.
  if (rest[from]?.startsWith("-") === true) command = defaultOf(command);
  const { operands, unknown } = command.parseOptions(withoutGlobals(program, rest.slice(from)));
  expect(unknown.filter((word) => word !== "--help")).toEqual([]);
  const { registeredArguments } = defaultOf(command);
  const variadic = registeredArguments.some((argument) => argument.variadic);
  if (!variadic) expect(operands.length).toBeLessThanOrEqual(registeredArguments.length);
});

function child(command: Command, name: string): Command | undefined {
  return command.commands.find((one) => one.name() === name || one.aliases().includes(name));
}

/** A group takes the arguments of what it does when no subcommand is named. */
function defaultOf(command: Command): Command {
  return command.registeredArguments.length > 0 ? command : (command.commands[0] ?? command);
}

function withoutGlobals(program: Command, words: readonly string[]): string[] {
  const { operands, unknown } = program.parseOptions([...words]);
  return [...operands, ...unknown];
}

const starts = lines.filter(({ words }) => words[0] === "npm" && words[1] === "start");

test.each(starts)("$name", ({ words }) => {
  expect(words.length === 2 || words[2] === "--").toBe(true);
  expect(crewCommand(async () => {}).parseOptions(words.slice(3)).unknown).toEqual([]);
});

const packageJson: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const scripts = Object.keys(Object(Object(packageJson).scripts));
const npmCalls = lines.filter(({ words }) => words[0] === "npm" && words[1] === "run");

test.each(npmCalls)("$name is a script", ({ words }) => {
  expect(scripts).toContain(words[2]);
});
