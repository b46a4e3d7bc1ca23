import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { parseLines, waggle } from "./spawn-waggle.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A folder with a new project, in which packages are found as after `npm install`; wagglebus is the one under test. */
async function project() {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const made = await waggle(path, ["init", "my-agents"]);
  expect(made).toMatchObject({ code: 0, stderr: "" });
  const folder = join(path, "my-agents");
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return { folder, made };
}

test("a new project runs: an event is published, greeted, and the flow completed", async () => {
  const { folder, made } = await project();
  expect(made.stdout).toContain("npx waggle dev");
  expect(readdirSync(folder).sort()).toEqual(
    [
      ".gitignore",
      "README.md",
      "events.ts",
      "functions",
      "node_modules",
      "test",
      "package.json",
      "tsconfig.json",
      "waggle.config.ts",
    ].sort(),
  );
  const published = await waggle(folder, ["publish", "visitor.arrived", '{"name":"Ada"}', "--id", "ada"]);
  expect(published).toMatchObject({ code: 0, stderr: "" });
  // A subscription that starts now does not get what came before: the first run makes it.
  expect((await waggle(folder, ["dev", "--until-idle", "--strict"])).code).toBe(0);
  await waggle(folder, ["publish", "visitor.arrived", '{"name":"Bo"}', "--id", "bo"]);
  const ran = await waggle(folder, ["dev", "--until-idle", "--strict", "--json"]);
  expect(ran.code).toBe(0);
  const flow = await waggle(folder, ["flow", "bo", "--json"]);
  expect(parseLines(flow.stdout)).toMatchObject([
    {
      status: "completed",
      roots: [{ children: [{ event: { type: "visitor.greeted", data: { greeting: "Hello, Bo!" } } }] }],
    },
  ]);
  expect((await waggle(folder, ["publish", "visitor.arived"])).stderr).toContain('did you mean "visitor.arrived"?');
});

test("a folder that is not empty is left as it is, and a packed file is named from the project", async () => {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  mkdirSync(join(path, "taken"));
  writeFileSync(join(path, "taken/notes.txt"), "mine");
  const refused = await waggle(path, ["init", "taken"]);
  expect(refused).toMatchObject({
    code: 1,
    stderr: "error: taken is not empty: it holds notes.txt; choose another folder\n",
  });
  expect(readdirSync(join(path, "taken"))).toEqual(["notes.txt"]);
  writeFileSync(join(path, "wagglebus-0.1.0.tgz"), "");
  const made = await waggle(path, ["init", "My Agents", "--package", "wagglebus-0.1.0.tgz", "--json"]);
  expect(parseLines(made.stdout)).toMatchObject([{ name: "my-agents" }]);
  const packageJson = JSON.parse(readFileSync(join(path, "My Agents/package.json"), "utf8"));
  expect(packageJson).toMatchObject({ name: "my-agents", dependencies: { wagglebus: "file:../wagglebus-0.1.0.tgz" } });
});
