import { describe, expect, test } from "vitest";
import { type CheckOptions, checkHistory, LedgerRecorder, type NewNote, type Note } from "../../../lib/sim/index.ts";
import { testBus } from "../../../lib/testing/index.ts";
import { anEvent } from "../../support/an-event.ts";

const subscribed: NewNote = {
  kind: "subscribed",
  subscription: { name: "readers", on: ["task.*"], attempts: 2, concurrency: 2, ordered: "data.taskId" },
};
const offered = (id: string, metadata: object = {}, taskId: string = id): NewNote => {
  const event = anEvent({ id, type: "task.created", data: { taskId } });
  return { kind: "offered", event: { ...event, metadata: { ...event.metadata, ...metadata } } };
};
const accepted = (event: string): NewNote => ({ kind: "accepted", event });
const published = (id: string, metadata: object = {}, taskId: string = id): NewNote[] => [
  offered(id, metadata, taskId),
  accepted(id),
];
const about = (event: string, attempt = 1) => ({ subscription: "readers", event, attempt });
const started = (event: string, attempt?: number): NewNote => ({ kind: "started", ...about(event, attempt) });
const succeeded = (event: string, attempt?: number): NewNote => ({ kind: "succeeded", ...about(event, attempt) });
const failed = (event: string, attempt?: number): NewNote => ({ kind: "failed", ...about(event, attempt) });
const settled = (event: string, outcome: "done" | "retry" | "dead", attempt?: number): NewNote => {
  return { kind: "settled", ...about(event, attempt), outcome };
};
const dead = (event: string, attempt: number): NewNote => ({ kind: "dead", ...about(event, attempt) });
const crashed: NewNote = { kind: "crashed" };

/** A note of another process than `a`. */
const by = (process: string, note: NewNote): NewNote => Object.assign({}, note, { process });

function rulesOf(notes: readonly NewNote[], options?: CheckOptions): string[] {
  const ledger = [subscribed, ...notes].map((note, at): Note => ({ at, process: "a", ...note }) as Note);
  return checkHistory(ledger, options).map(({ rule }) => rule);
}

describe("a history that keeps the promises has no findings", () => {
  test.each<[string, NewNote[]]>([
    ["one success", [...published("1"), started("1"), succeeded("1")]],
    ["a retry", [...published("1"), started("1"), failed("1"), started("1", 2), succeeded("1", 2)]],
    [
      "a run that a crash ended",
      [...published("1"), started("1"), crashed, by("b", started("1", 2)), by("b", succeeded("1", 2))],
    ],
    [
      "a success that a crash kept from being recorded",
      [...published("1"), started("1"), succeeded("1"), crashed, by("b", started("1", 2)), by("b", succeeded("1", 2))],
    ],
    [
      "a dead letter after the last attempt",
      [...published("1"), started("1"), failed("1"), started("1", 2), failed("1", 2), dead("1", 2)],
    ],
    ["an expired event", published("1", { expiresAt: "1970-01-01T00:00:00Z" })],
    ["a publish that was refused, and whose event is there", [offered("1"), started("1"), succeeded("1")]],
  ])("%s", (_, notes) => {
    expect(rulesOf(notes)).toEqual([]);
  });
});

describe("a broken promise is found", () => {
  test.each<[string, string, NewNote[], CheckOptions?]>([
    ["lost", "never tried", published("1")],
    ["lost", "failed, and never tried again", [...published("1"), started("1"), failed("1")]],
    ["lost", "still running", [...published("1"), started("1"), succeeded("1"), offered("2"), started("2")]],
    [
      "lost",
      "recorded as done without a success",
      [...published("1"), started("1"), failed("1"), settled("1", "done")],
    ],
    [
      "lost",
      "dead without a dead letter",
      [...published("1"), started("1", 2), failed("1", 2), settled("1", "dead", 2)],
      { order: ["1"] },
    ],
    [
      "twice",
      "run again after a success",
      [...published("1"), started("1"), succeeded("1"), started("1", 2), succeeded("1", 2)],
    ],
    [
      "twice",
      "run again though its success was recorded before the crash",
      [
        ...published("1"),
        started("1"),
        succeeded("1"),
        settled("1", "done"),
        crashed,
        by("b", started("1", 2)),
        by("b", succeeded("1", 2)),
      ],
    ],
    [
      "overlap",
      "two attempts at once",
      [...published("1"), started("1"), by("b", started("1", 2)), failed("1"), by("b", succeeded("1", 2))],
    ],
    [
      "overlap",
      "two of one key at once",
      [
        ...published("1", {}, "k"),
        ...published("2", {}, "k"),
        started("1"),
        started("2"),
        succeeded("1"),
        succeeded("2"),
      ],
    ],
    [
      "order",
      "a key out of order",
      [
        ...published("1", {}, "k"),
        ...published("2", {}, "k"),
        started("2"),
        succeeded("2"),
        started("1"),
        succeeded("1"),
      ],
    ],
    [
      "order",
      "a key in another order than history's",
      [
        offered("1", {}, "k"),
        ...published("2", {}, "k"),
        accepted("1"),
        started("1"),
        succeeded("1"),
        started("2"),
        succeeded("2"),
      ],
      { order: ["2", "1"] },
    ],
    [
      "concurrency",
      "more at once than may be",
      ["1", "2", "3"]
        .flatMap((id) => [...published(id), started(id)])
        .concat(["1", "2", "3"].map((id) => succeeded(id))),
    ],
    ["attempts", "one beyond the limit", [...published("1"), started("1", 3), succeeded("1", 3)]],
    [
      "attempts",
      "one that was not counted",
      [
        ...published("1"),
        started("1"),
        failed("1"),
        settled("1", "retry"),
        started("1"),
        succeeded("1"),
        settled("1", "done"),
      ],
    ],
    ["dead-letter", "too early", [...published("1"), started("1"), failed("1"), dead("1", 1)]],
    [
      "dead-letter",
      "of what has succeeded",
      [...published("1"), started("1", 2), succeeded("1", 2), settled("1", "done", 2), dead("1", 2)],
    ],
    ["dead-letter", "twice", [...published("1"), started("1", 2), failed("1", 2), dead("1", 2), dead("1", 2)]],
    [
      "early",
      "before its time",
      [...published("1", { deliverAt: "1970-01-01T00:01:00Z" }), started("1"), succeeded("1")],
    ],
    [
      "expired",
      "after its time",
      [...published("1", { expiresAt: "1969-12-31T23:59:59Z" }), started("1"), succeeded("1")],
    ],
    ["unknown", "never published", [started("1"), succeeded("1")]],
    ["history", "not in history", [...published("1"), started("1"), succeeded("1")], { order: [] }],
    ["history", "in history twice", [...published("1"), started("1"), succeeded("1")], { order: ["1", "1"] }],
  ])("%s: %s", (rule, _, notes, options) => {
    expect(new Set(rulesOf(notes, options))).toEqual(new Set([rule]));
  });

  test("misrouted: to a subscription that does not want it", () => {
    const subscription = { name: "readers", on: ["agent.*"] };
    const notes = [{ kind: "subscribed", subscription } as const, ...published("1"), started("1"), succeeded("1")];
    expect(rulesOf(notes)).toEqual(["misrouted"]);
  });
});

test("what is under way is no finding in a ledger that is not complete", () => {
  expect(rulesOf([...published("1"), started("1")], { complete: false })).toEqual([]);
});

test("a recorder's middleware writes a ledger that can be judged", async () => {
  const ledger: Note[] = [];
  const recorder = new LedgerRecorder({ write: (note) => ledger.push(note) });
  const bus = testBus({ use: [recorder.middleware] });
  recorder.note({ kind: "subscribed", subscription: { name: "readers", on: ["task.created"], attempts: 5 } });
  await bus.subscribe({ name: "readers", on: "task.created" }, (_, { attempt }) => {
    if (attempt === 1) throw new Error("not yet");
  });
  await bus.emit.task.created({ taskId: "1" });
  expect(new Set(checkHistory(ledger).map(({ rule }) => rule))).toEqual(new Set(["lost"]));
  await bus.drain();
  expect(ledger.map(({ kind }) => kind)).toEqual([
    "subscribed",
    "offered",
    "accepted",
    "started",
    "failed",
    "started",
    "succeeded",
  ]);
  expect(checkHistory(ledger)).toEqual([]);
});
