import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { FilePoller } from "../../../../../lib/engines/embedded/processes/file-poller.ts";
import { eventually } from "../../../../support/eventually.ts";
import { Bench } from "../bench.ts";

/** A poller of a file, with what it was told. */
async function polled(failFirst = false) {
  const bench = await Bench.make();
  bench.write("CREATE TABLE t (n INTEGER)");
  const db = new DatabaseSync(bench.file);
  const seen = { wanted: true, polls: 0, changes: 0 };
  const poller = new FilePoller(db, {
    pollMs: 1,
    wanted: () => seen.wanted,
    polled: () => {
      seen.polls += 1;
    },
    changed: () => {
      seen.changes += 1;
      if (failFirst && seen.changes === 1) throw Object.assign(new Error("database is locked"), { errcode: 5 });
    },
  });
  onTestFinished(() => {
    poller.stop();
    db.close();
  });
  return { bench, poller, seen };
}

test("what another connection writes is noticed, once", async () => {
  const { bench, poller, seen } = await polled();
  poller.start();
  await eventually("the first poll, which knows nothing yet", () => seen.changes === 1);
  bench.write("INSERT INTO t VALUES (1)");
  await eventually("the change", () => seen.changes === 2);
  const { polls } = seen;
  await eventually("some more polls", () => seen.polls > polls + 3);
  expect(seen.changes).toBe(2);
});

test("a change that could not be read when it was noticed is told at the next poll", async () => {
  const { poller, seen } = await polled(true);
  poller.start();
  await eventually("it is told again, with nothing written in between", () => seen.changes === 2);
});

test("nothing is polled while nobody wants to know", async () => {
  const { poller, seen } = await polled();
  seen.wanted = false;
  poller.start();
  const other = await polled();
  other.poller.start();
  await eventually("another poller has polled many times", () => other.seen.polls > 20);
  expect(seen.polls).toBe(0);
  seen.wanted = true;
  poller.start();
  await eventually("it polls", () => seen.polls > 0);
});
