import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect, type Event } from "wagglebus";
import type { ProjectFolder } from "../../support/project-folder.ts";
import { crewProject, keepRunning, parseRecord, readCrew, runCrew, startCrew } from "./crew.ts";

let here: ProjectFolder;
beforeEach(async () => {
  here = await crewProject();
});
afterEach(() => here.remove());

/** Every event of the project's bus, newest first. */
async function history(): Promise<Event[]> {
  const bus = await connect({ file: join(here.path, ".waggle/bus.db") });
  const events: Event[] = [];
  let cursor: string | undefined;
  do {
    const page = await bus.history.query({ limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    events.push(...page.events);
    cursor = page.cursor;
  } while (cursor !== undefined);
  await bus.close();
  return events;
}

/** How often each path is in the data of the events of a type. */
async function readings(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { type, data } of await history()) {
    const text = type === "memory.created" ? JSON.stringify(data) : "";
    const path = /"path":"([^"]+)"/.exec(text)?.[1];
    if (path !== undefined) counts[path] = (counts[path] ?? 0) + 1;
  }
  return counts;
}

const broken = '{"step":1}\n{"step":\n';

describe("the crew", () => {
  test("reads docs/ and examples/inbox/, has one of two readers yield, and shows what is dead", async () => {
    await here.write("docs/a.md", "# Hives\n\nThe Waggle Dance is in [b](b.md).");
    await here.write("docs/b.md", "# Dances");
    await here.write("examples/inbox/note.md", "# Note\n\nThe Waggle Dance again.");
    await here.write("examples/inbox/team/note.md", "# Note\n\nThe Waggle Dance again.");
    await here.write("examples/inbox/calls.jsonl", broken);
    const { code, stdout, stderr } = await runCrew(here.path);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(stdout).toContain("docs: 2 documents to read");
    expect(stdout).toContain("examples/inbox: 3 documents to read");
    expect(stdout).toMatch(/^conflict examples\/inbox\/team\/note\.md: reader-\d yields: reader-\d has the same/m);
    expect(stdout).toContain("dead in readers: examples/inbox/calls.jsonl: line 2 is not JSON");
    expect(stdout).toContain("complete docs: 2 documents");
    expect(stdout).toContain("1 dead letter.");
    expect(stdout).toMatch(/waggle dlq show \S+/);
    expect(stdout).toMatch(/named by the most documents: Waggle Dance \(2\)/);
    expect(await readings()).toEqual({ "docs/a.md": 1, "docs/b.md": 1, "examples/inbox/note.md": 1 });
  });

  test("a second run reads nothing again, and says so", async () => {
    await here.write("notes/a.md", "# One");
    await here.write("notes/b.md", "# Two");
    await readCrew(here.path, "notes");
    const again = await readCrew(here.path, "notes");
    expect(again.plan.roots).toEqual([{ root: "notes", found: 2, fresh: 0 }]);
    expect(again.summary.events).toEqual({});
    expect((await runCrew(here.path, "notes")).stdout).toContain("notes: nothing new, 2 known");
  });

  test("of a folder that grew and changed, only the new and the changed are read", async () => {
    await here.write("notes/a.md", "# One");
    await here.write("notes/b.md", "# Two");
    await readCrew(here.path, "notes");
    await here.write("notes/b.md", "# Two, fixed");
    await here.write("notes/c.md", "# Three");
    const { summary } = await readCrew(here.path, "notes");
    expect(summary.documents).toEqual({ found: 3, announced: 2, read: 2, gaveWay: 0 });
    expect(await readings()).toEqual({ "notes/a.md": 1, "notes/b.md": 2, "notes/c.md": 1 });
  });

  test("a broken file is a dead letter; fixed and redriven by hand, its workflow completes", async () => {
    await here.write("notes/calls.jsonl", broken);
    await here.write("notes/fine.md", "# Fine");
    const first = await readCrew(here.path, "notes");
    expect(first.code).toBe(0);
    expect(first.summary.workflows).toEqual([expect.objectContaining({ status: "failed", ended: 1, documents: 2 })]);
    expect(first.summary.deadLetters).toEqual([expect.objectContaining({ what: "notes/calls.jsonl" })]);

    await here.write("notes/calls.jsonl", '{"step":1}\n{"step":2}\n');
    const bus = await connect({ file: join(here.path, ".waggle/bus.db") });
    await bus.deadLetters.redrive(first.summary.deadLetters[0]?.id ?? "");
    await bus.close();
    const second = await readCrew(here.path, "notes");
    expect(second.plan.leftOver).toBe(1);
    expect(second.summary.workflows).toEqual([
      expect.objectContaining({ status: "completed", ended: 2, documents: 2 }),
    ]);
    expect(second.summary.deadLetters).toEqual([]);
    expect(second.summary.events["workflow.completed"]).toBe(1);
    // What was fixed is known by its new content: it is not read a second time.
    expect((await readCrew(here.path, "notes")).summary.events).toEqual({});
    expect(await readings()).toEqual({ "notes/calls.jsonl": 1, "notes/fine.md": 1 });
  });

  test("a broken file that was fixed is redriven by the next run; one that was not is left alone", async () => {
    await here.write("notes/calls.jsonl", broken);
    await here.write("notes/latin1.md", Uint8Array.of(35, 32, 0xe9, 10));
    await readCrew(here.path, "notes");
    const idle = await readCrew(here.path, "notes");
    expect(idle.plan.fixed).toEqual([]);
    expect(idle.summary.deadLetters.map(({ what }) => what).sort()).toEqual(["notes/calls.jsonl", "notes/latin1.md"]);

    await here.write("notes/latin1.md", "# é\n");
    const { plan, summary } = await readCrew(here.path, "notes");
    expect(plan.fixed).toEqual(["notes/latin1.md"]);
    expect(plan.roots).toEqual([{ root: "notes", found: 2, fresh: 0 }]);
    expect(summary.documents.read).toBe(1);
    expect(summary.deadLetters.map(({ what }) => what)).toEqual(["notes/calls.jsonl"]);
  });

  test("killed again and again at different points, the rest is done, and nothing twice", async () => {
    await keepRunning(here);
    const documents = 60;
    for (let one = 0; one < documents; one += 1) await here.write(`notes/${one}.md`, `# Document ${one}`);
    // In the planning, among the readings, and while the graph is brought up to date.
    for (const [type, count] of [
      ["task.created", 1],
      ["memory.created", 10],
      ["knowledge_graph.updated", 20],
    ] as const) {
      let seen = 0;
      const run = startCrew(here.path, ["--json", "notes"], (line) => {
        const record = parseRecord(line);
        if (record.kind === "event" && record.type === type && ++seen === count) run.kill("SIGKILL");
      });
      expect((await run.ended).signal).toBe("SIGKILL");
    }
    await here.write("over", "");
    const last = await readCrew(here.path, "notes");
    expect(last.plan.leftOver).toBeGreaterThan(0);
    expect(last.plan.roots[0]?.fresh).toBe(0);
    const counts = new Map<string, number>();
    for (const { type } of await history()) counts.set(type, (counts.get(type) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({
      "workflow.started": 1,
      "task.created": documents,
      "task.assigned": documents,
      "memory.created": documents,
      "task.completed": documents,
      "memory.entity.extracted": documents,
      "knowledge_graph.updated": documents,
      "workflow.completed": 1,
    });
    expect(Object.values(await readings())).toEqual(Array(documents).fill(1));
  });

  test("Ctrl-C ends it with 130; the next run does the rest", async () => {
    await keepRunning(here);
    for (let one = 0; one < 40; one += 1) await here.write(`notes/${one}.md`, `# Document ${one}`);
    let told = false;
    const run = startCrew(here.path, ["notes"], (line) => {
      if (told || !line.startsWith("read ")) return;
      told = true;
      run.kill("SIGINT");
    });
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^interrupted: \d+ documents left; run it again/m);
    await here.write("over", "");
    const { summary } = await readCrew(here.path, "notes");
    expect(summary.deadLetters).toEqual([]);
    expect(Object.values(await readings())).toEqual(Array(40).fill(1));
  });

  test("two at once share the work", async () => {
    for (let one = 0; one < 20; one += 1) await here.write(`notes/${one}.md`, `# Document ${one}`);
    const runs = await Promise.all([readCrew(here.path, "notes"), readCrew(here.path, "notes")]);
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    expect(Object.values(await readings())).toEqual(Array(20).fill(1));
  });

  test("--strict exits with 1 while something is dead", async () => {
    await here.write("notes/calls.jsonl", broken);
    expect((await readCrew(here.path, "notes", "--strict")).code).toBe(1);
    expect((await readCrew(here.path, "notes", "--strict")).code).toBe(1);
    await here.write("notes/calls.jsonl", "{}\n");
    expect((await readCrew(here.path, "notes", "--strict")).code).toBe(0);
  });

  test("what is no document is left out with a word", async () => {
    await here.write("notes/a.md", "# One");
    await here.write("notes/image.png", "text");
    await here.write("notes/zeros.md", Uint8Array.of(35, 0, 35));
    await here.write("notes/empty.md", "");
    await here.write("notes/huge.md", "x".repeat(1_048_577));
    await here.write("notes/node_modules/b.md", "# Not ours");
    const { plan } = await readCrew(here.path, "notes", "notes/a.md");
    expect(plan.roots).toEqual([
      { root: "notes", found: 1, fresh: 1 },
      { root: "notes/a.md", found: 0, fresh: 0 },
    ]);
    expect(plan.skipped).toEqual([
      { path: "notes/empty.md", why: "empty" },
      { path: "notes/huge.md", why: "larger than 1 MiB" },
      { path: "notes/image.png", why: "binary" },
      { path: "notes/node_modules", why: "ignored" },
      { path: "notes/zeros.md", why: "binary" },
    ]);
  });

  test("a path that is not there is named with the one that was meant, and nothing is begun", async () => {
    await here.write("notes/a.md", "# One");
    const { code, stderr } = await runCrew(here.path, "notes", "note");
    expect(code).toBe(1);
    expect(stderr).toContain('note: there is no such file or folder; did you mean "notes"?');
    expect(await readdir(here.path)).not.toContain(".waggle");
  });

  test("where there is nothing to read by default, it says what to give", async () => {
    const { code, stderr } = await runCrew(here.path);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "there is no docs and no examples/inbox here; say what to read: npm start -- <file or folder>",
    );
  });
});

describe("the crew with other functions", () => {
  test("runs what a user added beside the crew", async () => {
    await here.write("notes/a.md", "# One");
    await here.write(
      "functions/greeter/subscription.ts",
      `import { defineSubscription } from "wagglebus";
       import { workflowCompleted } from "wagglebus/catalog";
       export default defineSubscription({ name: "greeter", on: workflowCompleted });`,
    );
    await here.write(
      "functions/greeter/handler.ts",
      `export default async (event, { bus }) => {
         await bus.publish({ type: "custom.greeted", source: "greeter", data: { root: event.data.output } });
       };`,
    );
    const { summary } = await readCrew(here.path, "notes");
    expect(summary.events["custom.greeted"]).toBe(1);
  });

  test.each([
    [
      "a missing handler",
      { "subscription.ts": "export default { name: 'x', on: 'a.b' };" },
      /functions\/x has no handler\.ts/,
    ],
    [
      "a missing export",
      { "subscription.ts": "export const a = 1;", "handler.ts": "" },
      /subscription\.ts: the default export is missing; it must be a subscription/,
    ],
    [
      "a file that fails",
      { "subscription.ts": "throw new Error('oh');", "handler.ts": "" },
      /subscription\.ts could not be loaded: oh/,
    ],
    [
      "a name taken twice",
      { "subscription.ts": "export default { name: 'planner', on: 'a.b' };", "handler.ts": "export default () => {};" },
      /planner and functions\/x both subscribe as "planner"/,
    ],
  ])("%s is named with its file", async (_, files, message) => {
    await here.write("notes/a.md", "# One");
    for (const [name, content] of Object.entries(files)) await here.write(`functions/x/${name}`, content);
    const { code, stderr } = await runCrew(here.path, "notes");
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  test("without anybody who listens to workflow.started, documents wait for a crew that does", async () => {
    await here.write("notes/a.md", "# One");
    await here.write("other/idle/subscription.ts", "export default { name: 'idle', on: 'task.failed' };");
    await here.write("other/idle/handler.ts", "export default () => {};");
    const { stdout } = await runCrew(here.path, "--functions", "other", "notes");
    expect(stdout).toContain("warning: no function listens to workflow.started, so no document was announced");
    expect((await readCrew(here.path, "notes")).summary.documents.read).toBe(1);
  });

  test("a folder that is not there is named", async () => {
    await rm(join(here.path, "functions"), { recursive: true });
    await here.write("notes/a.md", "# One");
    const { code, stderr } = await runCrew(here.path, "notes");
    expect(code).toBe(1);
    expect(stderr).toContain("the folder functions does not exist");
  });
});
