// The smoke part of the suite: what a bus promises, tried once on each engine that needs no account. `npm run check:package`
// runs this program, compiled, on the oldest Node, on this one, on Bun and on Deno, and as what each bundler makes of it.
// It has no top-level await, so that it can become CommonJS.
import { strict as assert } from "node:assert";
import { rmSync } from "node:fs";
import { BusError, connect, defineEvent, NonRetriableError } from "wagglebus";
import { standardCatalog, taskAssigned } from "wagglebus/catalog";
import { z } from "zod";

const noteTaken = defineEvent("note.taken", { data: z.looseObject({ text: z.string(), at: z.json().optional() }) });
const catalog = standardCatalog.extend([noteTaken]);
const file = `smoke-${process.pid}.db`;

async function smoke(engine: "memory" | "embedded"): Promise<void> {
  const where = engine === "embedded" ? { engine, file } : { engine };
  const options = { ...where, source: "smoke", catalog, logLevel: "silent" } as const;
  const bus = await connect(options);
  const follow = new AbortController();
  const tailed = firstOf(bus.history.tail({ type: "note.taken" }, { signal: follow.signal }));

  // A handler that fails once is retried, and what it publishes has its cause.
  const done = bus.waitFor({ on: "task.completed", where: { data: { taskId: ["1"] } } });
  await bus.subscribe(
    { name: "readers", on: taskAssigned, attempts: 3, backoff: { from: 1, to: 1 } },
    async (event, { attempt, bus }) => {
      if (event.data.taskId === "broken") throw new NonRetriableError("it cannot be read");
      if (attempt === 1) throw new Error("try again");
      await bus.emit.task.completed({ taskId: event.data.taskId, result: { attempt } }, { dedupe: "done" });
    },
  );
  const assigned = await bus.emit.task.assigned({ taskId: "1" });
  const completed = await done;
  assert.deepEqual(completed.data.result, { attempt: 2 });
  assert.equal(completed.metadata.causationId, assigned.id);
  const flow = await bus.settled(assigned.id);
  assert.deepEqual([flow.status, flow.size], ["completed", 2]);

  // One that cannot be handled is a dead letter, and redriven.
  const broken = await bus.publish({ type: "task.assigned", data: { taskId: "broken" } });
  assert.equal((await bus.settled(broken.id)).status, "failed");
  const { deadLetters } = await bus.deadLetters.list({ subscription: "readers" });
  assert.deepEqual(
    deadLetters.map(({ event, reason }) => [event.id, reason.message]),
    [[broken.id, "it cannot be read"]],
  );
  assert.equal((await bus.deadLetters.redrive({ subscription: "readers" })).done.length, 1);

  // Types of one's own, in order and in batches.
  const texts: string[] = [];
  const notes = await bus.subscribe(
    { name: "notes", on: noteTaken, ordered: "data.text", concurrency: 2 },
    (events) => void texts.push(...events.map(({ data }) => data.text)),
    { batch: { size: 2 } },
  );
  const drafts = ["a", "b"].map((text) => ({ type: "note.taken" as const, data: { text } }));
  const results = await bus.publishAll(drafts);
  for (const result of results) if (result.ok) await bus.settled(result.event.id);
  assert.deepEqual(texts.sort(), ["a", "b"]);
  assert.equal(await tailed, results[0]?.ok === true ? results[0].event.id : undefined);
  follow.abort();
  await notes.close();

  // Refusals are of one class.
  const wrong: object = { text: 1 };
  await assert.rejects(Reflect.apply(bus.publish, bus, [noteTaken, wrong]), (error) => error instanceof BusError);
  await bus.close();
  if (engine === "memory") return;

  // What was stored is there again.
  const again = await connect(options);
  assert.deepEqual(await again.history.get(assigned.id), assigned);
  assert.deepEqual((await again.subscriptions.list()).map(({ record }) => record.name).sort(), ["notes", "readers"]);
  await again.close();
}

async function firstOf(events: AsyncIterable<{ readonly id: string }>): Promise<string | undefined> {
  for await (const { id } of events) return id;
  return undefined;
}

async function main(): Promise<void> {
  await smoke("memory");
  await smoke("embedded");
  for (const path of [file, `${file}-locks`]) rmSync(path, { recursive: true, force: true });
  const [, , name = "this runtime"] = process.argv;
  // A bundle has no AWS engine; a project has no AWS package, or no Region is set.
  const message = /^(esbuild|vite|bun-compiled)/.test(name) ? /"wagglebus\/aws"/ : /aws/i;
  await assert.rejects(connect({ engine: "aws", bus: "agents" }), { code: "invalid_config", message });
  console.log(`the smoke part ran on ${name}`);
}

// A warning is shown to the user of a bus, who can do nothing about it.
process.on("warning", (warning) => {
  console.error(warning);
  process.exitCode = 1;
});
main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
