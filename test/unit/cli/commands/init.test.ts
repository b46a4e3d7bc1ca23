import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ProjectFile } from "../../../../lib/cli/init/project.ts";
import { projectFiles, templateNames } from "../../../../lib/cli/init/templates.ts";
import { writeProject } from "../../../../lib/cli/init/write-project.ts";
import { workspace } from "../test-io.ts";

test.for(templateNames)("the template %s has a test, a README and the files that it names", async (template) => {
  const { cwd, waggle } = workspace();
  const { code, json } = await waggle(["init", "My Agents", "--template", template, "--json"]);
  expect(code).toBe(0);
  const [{ files, next } = {}] = json;
  expect(json).toMatchObject([{ name: "my-agents", template }]);
  expect(next).toEqual(["cd 'My Agents'", "npm install", "npm test", "npx waggle dev"]);
  expect(files).toEqual(projectFiles({ name: "my-agents", wagglebus: "" }, template).map(({ path }) => path));
  expect(files).toEqual(expect.arrayContaining(["README.md", "events.ts", "package.json", "waggle.config.ts"]));
  expect(readdirSync(join(cwd, "My Agents/test"))).toHaveLength(1);
});

test("a template that is not there is named with those that are", async () => {
  const { cwd, waggle } = workspace();
  const { code, err } = await waggle(["init", "agents", "--template", "vercel"]);
  expect(err).toContain("Allowed choices are plain, ai-sdk, langgraph, cdk.");
  expect(code).toBe(2);
  expect(readdirSync(cwd)).toEqual([]);
});

test("what has been made is removed where a file cannot be written, and what was there stays", async () => {
  const { cwd, waggle } = workspace();
  writeFileSync(join(cwd, "agents"), "a file");
  const { code, err } = await waggle(["init", "agents"]);
  expect(err).toContain("error: agents cannot be used: ENOTDIR");
  expect(code).toBe(1);
  mkdirSync(join(cwd, "b"));
  const files: ProjectFile[] = [
    { path: "one/two.ts", text: "" },
    { path: "one/two.ts/three.ts", text: "" },
  ];
  await expect(writeProject(join(cwd, "b/c"), files, new AbortController().signal)).rejects.toThrow(
    "three.ts cannot be written",
  );
  expect(readdirSync(join(cwd, "b"))).toEqual([]);
  expect(readFileSync(join(cwd, "agents"), "utf8")).toBe("a file");
});

test("a project that was half made when it was interrupted is removed, but for what another has put there", async () => {
  const { cwd } = workspace();
  const stop = new AbortController();
  function* interrupted(): Generator<ProjectFile> {
    yield { path: "package.json", text: "{}" };
    yield { path: "functions/one/handler.ts", text: "" };
    writeFileSync(join(cwd, "agents/functions/mine.ts"), "");
    stop.abort(new Error("interrupted"));
    yield { path: "README.md", text: "" };
  }
  await expect(writeProject(join(cwd, "agents"), interrupted(), stop.signal)).rejects.toThrow("interrupted");
  expect(readdirSync(cwd)).toEqual(["agents"]);
  expect(readdirSync(join(cwd, "agents"))).toEqual(["functions"]);
  expect(readdirSync(join(cwd, "agents/functions"))).toEqual(["mine.ts"]);
});

test("the name of the bus of a CDK app is one that EventBridge and the stacks take", () => {
  const app = (name: string) =>
    projectFiles({ name, wagglebus: "" }, "cdk").find(({ path }) => path === "app.ts")?.text ?? "";
  expect(app("my.agents_of-the-whole-company")).toContain('busName: "my-agents-of-the-who"');
  expect(app("42")).toContain('busName: "agents"');
  expect(app("default")).toContain('busName: "agents"');
  expect(app("0-a-")).toContain('busName: "a"');
});

test("an interruption before the first file leaves nothing", async () => {
  const { cwd, start } = workspace();
  const { ended, interrupt } = start(["init", "agents"]);
  interrupt();
  expect((await ended).code).toBe(130);
  expect(existsSync(join(cwd, "agents"))).toBe(false);
});
