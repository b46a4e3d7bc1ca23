import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { resolveOptions } from "../../../lib/connect/connect.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const removals: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const remove of removals.splice(0)) await remove();
});

/** Creates a folder with files of the given contents. */
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

test("options take precedence over the file, and the file over the environment", async () => {
  const cwd = await folder({ "waggle.config.mjs": config('{ source: "file", grace: "2s" }') });
  const env = { WAGGLE_SOURCE: "env", WAGGLE_GRACE: "3s", WAGGLE_LOG_LEVEL: "info" };
  expect(await resolveOptions({ source: "options" }, { cwd, env })).toEqual({
    source: "options",
    grace: "2s",
    logLevel: "info",
  });
});

test("without options, file and environment there are no options", async () => {
  expect(await resolveOptions({}, { cwd: await folder(), env: {} })).toEqual({});
});

test("an option that is undefined falls back to the next source", async () => {
  const options: object = { source: undefined };
  expect(await resolveOptions(options, { cwd: await folder(), env: { WAGGLE_SOURCE: "env" } })).toEqual({
    source: "env",
  });
});

test("a TypeScript file takes precedence over a JavaScript file", async () => {
  const cwd = await folder({
    "waggle.config.ts": 'const source: string = "ts"; export default { source };',
    "waggle.config.mjs": config('{ source: "mjs" }'),
  });
  expect(await resolveOptions({}, { cwd, env: {} })).toEqual({ source: "ts" });
});

test("another file can be named, relative to the folder", async () => {
  const cwd = await folder({ "deep/other.mjs": config('{ source: "other" }'), "waggle.config.mjs": config("{}") });
  expect(await resolveOptions({}, { cwd, env: {}, config: "deep/other.mjs" })).toEqual({ source: "other" });
});

test("WAGGLE_FILE is ignored if the options select the memory engine", async () => {
  const places = { cwd: await folder(), env: { WAGGLE_FILE: "bus.db" } };
  expect(await resolveOptions({ engine: "memory" }, places)).toEqual({ engine: "memory" });
});

test("settings of other engines in the file and the environment are ignored if the options select aws", async () => {
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

test("the environment alone can select the aws engine", async () => {
  const places = { cwd: await folder(), env: { WAGGLE_ENGINE: "aws", WAGGLE_BUS: "agents" } };
  expect(await resolveOptions({}, places)).toEqual({ engine: "aws", bus: "agents" });
});

test.each([
  { options: { engine: "aws" } as const, says: /bus is missing; set `bus`, WAGGLE_BUS or --bus/ },
  { options: { engine: "postgres" } as const, says: /url is missing; set `url`, WAGGLE_URL or --url/ },
  { options: { engine: "http" } as const, says: /url is missing; set `url`, WAGGLE_URL or --url/ },
  {
    options: { engine: "http", url: "localhost:4600" } as const,
    says: /url is not an http address; set .* such as http:\/\/127\.0\.0\.1:4600$/,
  },
  { options: { url: "http://a:4600" }, says: /engine is missing; set engine "http"/ },
  { options: { url: "postgres://h/d" }, says: /engine is missing; set engine "postgres"/ },
  { options: { bus: "agents" }, says: /bus is "agents", but engine is missing; set engine "aws"/ },
  { options: { engine: "aws", bus: "agents", file: "bus.db" } as const, says: /file is for the embedded engine/ },
])("resolveOptions refuses $options", async ({ options, says }) => {
  await expect(resolveOptions(options, { cwd: await folder(), env: {} })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringMatching(says),
  });
});

test("a file option together with the memory engine is refused", async () => {
  await expect(
    resolveOptions({ engine: "memory", file: "bus.db" }, { cwd: await folder(), env: {} }),
  ).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringContaining("file is for the embedded engine"),
  });
});

test.each([
  { text: "export const source = 1;", says: /waggle\.config\.mjs has no default export; add: export default/ },
  { text: "export default 5;", says: /has no default export/ },
  { text: "this is not JavaScript", says: /waggle\.config\.mjs cannot be loaded: / },
  { text: 'throw new Error("boom");', says: /cannot be loaded: boom/ },
  { text: 'export default Promise.reject(new Error("no network"));', says: /cannot be loaded: no network/ },
  {
    text: "export default new Map();",
    says: /waggle\.config\.mjs: the options must be an object, not an instance of Map/,
  },
  { text: "export default Promise.resolve();", says: /has no default export/ },
  { text: config('{ sauce: "x" }'), says: /waggle\.config\.mjs: unknown option sauce; did you mean "source"\?/ },
])("a configuration file with $text is refused with its path", async ({ text, says }) => {
  const cwd = await folder({ "waggle.config.mjs": text });
  await expect(resolveOptions({}, { cwd, env: {} })).rejects.toMatchObject({
    code: "invalid_config",
    message: expect.stringMatching(says),
  });
});

test("a promise as the default export of a configuration file is awaited", async () => {
  const cwd = await folder({ "waggle.config.mjs": 'export default Promise.resolve({ source: "later" });' });
  expect(await resolveOptions({}, { cwd, env: {} })).toMatchObject({ source: "later" });
});

test("a named configuration file that does not exist is refused", async () => {
  const cwd = await folder();
  await expect(resolveOptions({}, { cwd, env: {}, config: "none.ts" })).rejects.toMatchObject({
    code: "invalid_config",
    message: `the configuration file ${join(cwd, "none.ts")} does not exist`,
  });
});
