import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ProjectFolder, projectFolder } from "../../support/project-folder.ts";
import { startNode } from "../start-node.ts";

let here: ProjectFolder;
beforeEach(async () => {
  here = await projectFolder();
  await here.write(
    "functions/readers/subscription.ts",
    'export default { name: "readers", on: "task.assigned", attempts: 1 };',
  );
  await here.write(
    "functions/readers/handler.ts",
    `export default async (event, { bus }) => {
       if (event.data.taskId === "bad") throw new Error("cannot read");
       await bus.publish({ type: "task.completed", source: "readers", data: { taskId: event.data.taskId } });
     };`,
  );
});
afterEach(() => here.remove());

/** Runs a program of a user's own that gives functions this work. */
async function runProgram(options: string, work: string) {
  await here.write(
    "main.ts",
    `import { runFunctions } from "wagglebus/dev";
     process.exit(await runFunctions(${options}, async (session) => { ${work} }));`,
  );
  return startNode(here.path, join(here.path, "main.ts"), []).ended;
}

const assign = (taskId: string) =>
  `await bus.publish({ type: "task.assigned", source: "main", data: { taskId: "${taskId}" } });`;

test("a program gives functions work, says what it is about and what came of it", async () => {
  const { code, stdout, stderr } = await runProgram(
    `{ view: {
      subject: (event) => event.data.taskId,
      plan: ({ tasks }) => [{ text: tasks + " to do" }],
      event: () => undefined,
      handled: ({ what }) => ({ label: "did", text: what }),
      summary: ({ handled }, result) => ({ headline: handled + " of " + result.tasks }),
    } }`,
    `const bus = await session.start();
     session.plan({ tasks: 2 });
     ${assign("t1")} ${assign("bad")}
     await session.idle();
     return { tasks: 2 };`,
  );
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^1 function at work: readers\n2 to do\n/);
  expect(stdout).toMatch(/^did t1$/m);
  expect(stdout).toMatch(/^dead in readers: bad: cannot read$/m);
  expect(stdout).toMatch(/^1 of 2$/m);
});

test("what the work subscribes is part of the run; --strict counts its dead letters; JSON holds its result", async () => {
  const { code, stdout } = await runProgram(
    "{ json: true, strict: true, connect: { engine: 'memory' } }",
    `const bus = await session.start();
     await bus.subscribe({ name: "own", on: "task.completed", attempts: 1 }, () => { throw new Error("oh"); });
     session.plan({ tasks: 1 });
     ${assign("t1")}
     await session.idle();
     return { names: session.subscriptions.map(({ name }) => name), completed: session.eventCounts.get("task.completed") };`,
  );
  expect(code).toBe(1);
  const lines = stdout.split("\n").filter(Boolean);
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    kind: "plan",
    functions: ["readers"],
    imports: [],
    leftOver: 0,
    tasks: 1,
  });
  expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({
    kind: "summary",
    names: ["readers", "own"],
    completed: 1,
    handled: 1,
    failed: 1,
    deadLetters: [{ subscription: "own", message: "oh" }],
  });
});

test("what the work throws is said as the command says it, and the bus is closed", async () => {
  const { code, stderr } = await runProgram(
    "{}",
    'const bus = await session.start(); await bus.publish({ type: "nope" });',
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/^(invalid_event|unknown_type): /);
});

test("a bus that runs elsewhere is refused in the words of the program", async () => {
  const { code, stderr } = await runProgram(
    '{ connect: { engine: "aws", bus: "agents" }, program: "npm run agents" }',
    "",
  );
  expect(code).toBe(1);
  expect(stderr).toContain("npm run agents runs functions and their bus on this machine");
});
