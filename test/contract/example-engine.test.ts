import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { journalEngine } from "../../examples/engine/engine.ts";
import { eventually } from "../../lib/engine/contract/eventually.ts";
import { runContract } from "../../lib/engine/contract/index.ts";
import { connect } from "../../lib/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

runContract({
  name: "the example engine",
  engine: (context, folder) => journalEngine(join(folder, "journal.ndjson"))(context),
  lacks: [
    "multi-process",
    "crash",
    "ownership",
    "visible-unnamed",
    "outcomes",
    "all-outcomes",
    "pause",
    "erase",
    "rates",
    "transfer",
  ],
  leftOut: [
    "erasing: a user's events become tombstones: no data, the same ids, causes and counts, with a proof",
    "erasing: what was not delivered yet is dropped, a retry and a replay included, and its key goes on",
    "erasing: dead letters lose the data and what their errors said of it; their number stays",
    "erasing: a whole flow is erased; a selection that names none of them, or several, is refused",
    "transfer: deliveries of an ordered subscription come in the order in which their events were accepted",
    "transfer: deliveries that another engine had not made come with their attempts, when they are due, and once",
    "transfer: events that another engine had are in history as accepted at their times, once, and nobody gets them",
    "transfer: other processes that use the store are seen",
    "transfer: what a subscription has not delivered is handed over as it was published; nothing else is",
    "flows: it is known how fast deliveries ended lately, and how long they took",
    "flows: history.flow says of each delivery how it ended: attempts, failures, how long it took",
    "flows: history.flow says it of replays too, and of what was dropped since it had expired",
    "pausing: paused, it collects and begins nothing; resumed, it goes by priority, then by acceptance, no attempt spent",
    "pausing: what runs when it is paused goes on and ends; its retry waits",
    "pausing: settled says that a flow waits for what is paused, and how it goes on",
    "pausing: ordered, each key goes on in order of acceptance",
    "pausing: it stays paused under other settings; one that is not there is not found",
    "pausing: one pauses and resumes what another handles",
    "pausing: it stays paused after all buses were closed",
    "pausing: it stays paused when the process that handles it is killed: what that ran waits with the rest",
    "processes: what one bus publishes another delivers, finds, waits for, tails and sees settled",
    "processes: consumers of one name share its work: each event once, concurrency held by all together",
    "processes: order within a key holds over several consumers",
    "processes: an id is one event for all, also when several publish it at once",
    "processes: settings changed by one count for the consumer of another, and so does deleting",
    "processes: an unnamed subscription ends with its bus, for all",
    "processes: replay and redrive by one are run by the consumer of another",
    "stores: a name has one handler in a process, on whichever of its buses; other names are free",
    "stores: a name is free again once its subscriber, or its bus, has closed, and after a restart",
    "stores: of two that take a name at once, on two buses, one gets it",
    "crashes: a handler whose process dies is run again elsewhere, and the attempt counts",
    "crashes: a process killed in the middle of its work: another takes over all of it",
    "crashes: what kills its process each time becomes a dead letter once it is out of attempts",
    "crashes: a process that is stopped and continued is not overtaken, though one that died is",
    "crashes: an unnamed subscription ends with its process, however that ends",
    "crashes: order within a key outlives the death of the process that ran its head",
  ],
});

/** The file of a journal, and a bus on it as a process finds it. */
async function journal() {
  const { path, remove } = await temporaryDirectory();
  onTestFinished(remove);
  const file = join(path, "journal.ndjson");
  const open = async () => {
    const bus = await connect({ engine: journalEngine(file), source: "test", grace: 1, logLevel: "silent" });
    onTestFinished(() => bus.close());
    return bus;
  };
  return { file, open };
}

const untilAborted = (_: unknown, { signal }: { signal: AbortSignal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("an attempt that was cut off counts, and is made again until there are no more", async () => {
  const { open } = await journal();
  const attempts: number[] = [];
  for (const expected of [1, 2]) {
    // The bus before is left open, as a process that was killed leaves it.
    const bus = await open();
    await bus.subscribe({ name: "cut-off", on: "task.created", attempts: 2 }, (event, context) => {
      attempts.push(context.attempt);
      return untilAborted(event, context);
    });
    if (expected === 1) await bus.emit.task.created({ taskId: "a" });
    await eventually("it runs", () => attempts.length === expected);
  }
  const last = await open();
  expect(attempts).toEqual([1, 2]);
  expect(await last.deadLetters.list()).toMatchObject({
    deadLetters: [{ attempts: 2, reason: { code: "process_ended" }, failures: [{ attempt: 1 }, { attempt: 2 }] }],
  });
  expect(await last.subscriptions.get("cut-off")).toMatchObject({ waiting: 0, delayed: 0, running: 0, deadLetters: 1 });
});

test("a line that was cut off is left out, and what follows is kept", async () => {
  const { file, open } = await journal();
  const first = await open();
  const before = await first.emit.task.created({ taskId: "Grüße" });
  await first.close();
  appendFileSync(file, '[["events","cut-off');
  const second = await open();
  const after = await second.emit.task.created({ taskId: "b" });
  await second.close();
  const third = await open();
  expect((await third.history.query()).events).toEqual([after, before]);
  expect(readFileSync(file, "utf8")).not.toContain("cut-off");
});
