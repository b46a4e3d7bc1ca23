import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { resolveOptions } from "../../../lib/connect/connect.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

/** A folder with files, each with its text. */
async function folder(files: Record<string, string> = {}): Promise<string> {
  const { path, remove } = await temporaryDirectory();
  removals.push(remove);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(path, name, ".."), { recursive: true });
    await writeFile(join(path, name), text);
  }
  return path;
}

const config = (options: string) => `export default ${options};`;

test("options win over the file, the file over the environment", async () => {
  const cwd = await folder({ "waggle.config.mjs": config('{ source: "file", grace: "2s" }') });
  const env = { WAGGLE_SOURCE: "env", WAGGLE_GRACE: "3s", WAGGLE_LOG_LEVEL: "info" };
  expect(await resolveOptions({ source: "options" }, { cwd, env })).toEqual({
    source: "options",
    grace: "2s",
    logLevel: "info",
  });
});

test("without any of them there is nothing to say", async () => {
  expect(await resolveOptions({}, { cwd: await folder(), env: {} })).toEqual({});
});

test("an option that is undefined leaves the word to the next place", async () => {
  const options: object = { source: undefined };
  expect(await resolveOptions(options, { cwd: await folder(), env: { WAGGLE_SOURCE: "env" } })).toEqual({
    source: "env",
  });
});

test("a TypeScript file is read, and before a JavaScript one", async () => {
  const cwd = await folder({
    "waggle.config.ts": 'const source: string = "ts"; export default { source };',
    "waggle.config.mjs": config('{ source: "mjs" }'),
  });
  expect(await resolveOptions({}, { cwd, env: {} })).toEqual({ source: "ts" });
});

test("another file may be named, from the folder", async () => {
  const cwd = await folder({ "deep/other.mjs": config('{ source: "other" }'), "waggle.config.mjs": config("{}") });
  expect(await resolveOptions({}, { cwd, env: {}, config: "deep/other.mjs" })).toEqual({ source: "other" });
});

test("a file named in the environment does not stand in the way of memory", async () => {
  const places = { cwd: await folder(), env: { WAGGLE_FILE: "bus.db" } };
  expect(await resolveOptions({ engine: "memory" }, places)).toEqual({ engine: "memory" });
});

test("what the places say for other engines does not stand in the way of aws", async () => {
  const cwd = await folder({ "waggle.config.mjs": config('{ engine: "embedded", retention: "7d", source: "crew" }') });
  const places = { cwd, env: { WAGGLE_FILE: "bus.db", WAGGLE_BUS: "agents" } };
  const options = { engine: "aws", bus: "agents", source: "crew" };
  expect(await resolveOptions({ engine: "aws" }, places)).toEqual(options);
  expect(await resolveOptions({}, places)).toEqual({
    engine: "embedded",
    retention: "7d",
    source: "crew",
    file: "bus.db",
  });
});

test("aws by environment alone", async () => {
  const places = { cwd: await folder(), env: { WAGGLE_ENGINE: "aws", WAGGLE_BUS: "agents" } };
  expect(await resolveOptions({}, places)).toEqual({ engine: "aws", bus: "agents" });
});

test.each([
  { options: { engine: "aws" } as const, says: /no bus is named; give `bus`, WAGGLE_BUS or --bus/ },
  { options: { bus: "agents" }, says: /bus is "agents" and no engine is named; give engine "aws"/ },
  { options: { engine: "aws", bus: "agents", file: "bus.db" } as const, says: /file is for the embedded engine/ },
])("$options is refused", async ({ options, says }) => {
  await expect(resolveOptions(options, { cwd: await folder(), env: {} })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringMatching(says),
  });
});

test("a file named beside memory is a mistake", async () => {
  await expect(
    resolveOptions({ engine: "memory", file: "bus.db" }, { cwd: await folder(), env: {} }),
  ).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("file is for the embedded engine"),
  });
});

test.each([
  { text: "export const source = 1;", says: /waggle\.config\.mjs has no default export; write: export default/ },
  { text: "export default 5;", says: /has no default export/ },
  { text: "this is no JavaScript", says: /waggle\.config\.mjs cannot be loaded: / },
  { text: 'throw new Error("boom");', says: /cannot be loaded: boom/ },
  { text: config('{ sauce: "x" }'), says: /waggle\.config\.mjs: there is no option sauce; did you mean "source"\?/ },
])("a file with $text is refused with its path", async ({ text, says }) => {
  const cwd = await folder({ "waggle.config.mjs": text });
  await expect(resolveOptions({}, { cwd, env: {} })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringMatching(says),
  });
});

test("a file that is named and not there is a mistake", async () => {
  const cwd = await folder();
  await expect(resolveOptions({}, { cwd, env: {}, config: "none.ts" })).rejects.toMatchObject({
    code: "invalid_config",
    message: `there is no configuration file ${join(cwd, "none.ts")}`,
  });
});
