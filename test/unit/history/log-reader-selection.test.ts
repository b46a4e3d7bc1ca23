import { expect, onTestFinished, test } from "vitest";
import type { LogRead, LogSelection } from "../../../lib/engine/event-log.ts";
import { ChangeWatch } from "../../../lib/history/change-watch.ts";
import { type LogBatch, LogReader } from "../../../lib/history/log-reader.ts";
import { ManualClock, turn } from "../../../lib/testing/manual-clock.ts";
import { anEvent } from "../../support/an-event.ts";
import { FakeEngine } from "../../support/fake-engine.ts";

// What a log is asked for where readers want a part of it, and what it answers then.

test("a log that skips what history does not keep goes on from what it has looked at", async () => {
  const answers: LogRead[] = [
    { events: [], position: 7 },
    { events: [], position: 7 },
  ];
  const positions: unknown[] = [];
  const log = {
    readAfter: async (position: unknown): Promise<LogRead> => {
      positions.push(position);
      return answers.shift() ?? { events: [], position: 7 };
    },
  };
  const reader = new LogReader(log, new ChangeWatch(new FakeEngine(), new ManualClock()));
  const batches: LogBatch[] = [];
  for await (const batch of reader.after(0, new AbortController())) {
    batches.push(batch);
    if (batch.atEnd) break;
  }
  expect(positions).toEqual([0, 7]);
  expect(batches.map(({ position, atEnd }) => [position, atEnd])).toEqual([
    [7, false],
    [7, true],
  ]);
});

/** A log of one event after another; what each read was asked for. */
function selecting(answer: (position: unknown) => LogRead) {
  const asked: (readonly LogSelection[] | undefined)[] = [];
  const engine = new FakeEngine();
  const log = {
    readAfter: async (position: unknown, _: number, wanted?: readonly LogSelection[]) => {
      asked.push(wanted);
      return answer(position);
    },
  };
  const reader = new LogReader(log, new ChangeWatch(engine, new ManualClock()));
  const controllers: AbortController[] = [];
  onTestFinished(() => {
    for (const controller of controllers) controller.abort();
  });
  const follow = (wanted?: readonly LogSelection[]) => {
    const controller = new AbortController();
    controllers.push(controller);
    void (async () => {
      const options = wanted === undefined ? controller : { signal: controller.signal, wanted };
      for await (const _ of reader.after(0, options));
    })();
    return () => controller.abort();
  };
  return { asked, engine, follow };
}

const append = (engine: FakeEngine, id: string) =>
  engine.log.append({ event: anEvent({ id }), ownId: false, history: true, inHandler: false });

test("one read is for what all readers want, and no longer for what one wanted that has ended", async () => {
  const { asked, engine, follow } = selecting((position) => ({ events: [], position: Number(position) }));
  const [tasks, flow] = [[{ types: ["task.*"] }], [{ flows: ["f-1"] }]];
  follow(tasks);
  const stop = follow(flow);
  follow(tasks);
  await turn();
  expect(asked).toEqual([[...tasks, ...flow]]);
  stop();
  await turn();
  await append(engine, "a");
  await turn();
  expect(asked.slice(1)).toEqual([tasks]);
  follow();
  await turn();
  expect(asked.slice(2)).toEqual([undefined]);
});

test("a reader that comes while a read is under way shares it only if that looks for what it wants", async () => {
  const hold = Promise.withResolvers<void>();
  const asked: unknown[] = [];
  const log = {
    readAfter: async (position: unknown, _: number, wanted?: readonly LogSelection[]): Promise<LogRead> => {
      asked.push(wanted);
      await hold.promise;
      return { events: [], position: Number(position) };
    },
  };
  const reader = new LogReader(log, new ChangeWatch(new FakeEngine(), new ManualClock()));
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const follow = (types: string[]) => void reader.after(0, { signal: controller.signal, wanted: [{ types }] }).next();
  follow(["a"]);
  await turn();
  follow(["b"]);
  await turn();
  follow(["a"]);
  await turn();
  expect(asked).toEqual([
    [{ types: ["a"] }],
    [{ types: ["a"] }, { types: ["b"] }],
    [{ types: ["a"] }, { types: ["b"] }],
  ]);
  hold.resolve();
});

test("an engine that tells the end with the last events is asked again only after a change", async () => {
  const { asked, engine, follow } = selecting((position) => ({
    events: [],
    position: Number(position) + 1,
    atEnd: true,
  }));
  follow();
  await turn();
  expect(asked).toHaveLength(1);
  await append(engine, "a");
  await turn();
  expect(asked).toHaveLength(2);
});
