import { afterEach, describe, expect, test, vi } from "vitest";
import { AttemptOutcomes } from "../../../lib/delivery/attempt-outcomes.ts";
import { ProcessLock } from "../../../lib/engines/embedded/processes/process-lock.ts";
import { SimulationError, simulate } from "../../../lib/sim/index.ts";
import { findMutant } from "../../sim/find-mutant.ts";
import { type Mutation, mutants } from "../../sim/mutants.ts";
import { workload } from "../../sim/workload.ts";

/** The engine as it is. */
const none: Mutation = (engine) => engine;
const foundBefore = 12;

afterEach(() => vi.restoreAllMocks());

describe("each bug in an engine is found", () => {
  test.each(Object.entries(mutants))("%s", async (name, through) => {
    const found = await findMutant(through, { most: foundBefore });
    expect(found, name).toBeDefined();
    console.log(
      `${name}: seed ${found?.seed}, ${found?.runs} runs, ${Math.round(found?.ms ?? 0)} ms: ${found?.finding.rule}`,
    );
  });
});

describe("a bug in what the bus makes of attempts is found", () => {
  test("one attempt more than the limit", async () => {
    const { failed } = AttemptOutcomes.prototype;
    vi.spyOn(AttemptOutcomes.prototype, "failed").mockImplementation(function (this: AttemptOutcomes, attempt, thrown) {
      const record = { ...attempt.record, attempts: attempt.record.attempts + 1 };
      const { aborted, delivery, log } = attempt;
      return failed.call(this, { aborted, delivery, log, record }, thrown);
    });
    expect((await findMutant(none))?.finding.rule).toBe("attempts");
  });

  test("a handler that threw counts as one that returned", async () => {
    vi.spyOn(AttemptOutcomes.prototype, "failed").mockReturnValue({ kind: "done" });
    expect((await findMutant(none))?.finding.rule).toBe("lost");
  });
});

describe("a bug in how the embedded engine knows that a process is gone is found", () => {
  test("one that lives counts as gone", async () => {
    vi.spyOn(ProcessLock, "takeOver").mockReturnValue(
      Object.create(ProcessLock.prototype, { release: { value: () => {} } }),
    );
    const found = await findMutant(none, { engine: "embedded", most: foundBefore });
    expect(["overlap", "twice", "attempts", "lost"]).toContain(found?.finding.rule);
  });

  test("one that is gone counts as alive", async () => {
    vi.spyOn(ProcessLock, "takeOver").mockReturnValue(undefined);
    expect((await findMutant(none, { engine: "embedded", most: foundBefore }))?.finding.rule).toBe("lost");
  });
});

test.each([
  ["memory", 4],
  ["embedded", 1],
  ["aws", 1],
] as const)("without a bug nothing is found: %s over %d seeds", async (engine, runs) => {
  for (let seed = 1; seed <= runs; seed += 1) {
    const { findings } = await simulate(workload({ engine, seed, events: 12, faults: 0.3 }));
    expect(findings).toEqual([]);
  }
});

test("the seed of a finding finds it again", async () => {
  const through = mutants["a success is recorded as a failure"] ?? none;
  const found = await findMutant(through, { most: foundBefore });
  expect(found).toBeDefined();
  expect((await findMutant(through, { from: found?.seed ?? 0, most: 1 }))?.finding).toEqual(found?.finding);
});

test("a finding says its seed, what was broken, and how to run it again", async () => {
  const through = mutants["an event is accepted and not stored"];
  if (through === undefined) throw new Error("there is no such mutant");
  const run = simulate({
    ...workload({ engine: "memory", seed: 1, events: 12, faults: 0 }),
    runs: 50,
    within: "1m",
    through,
  });
  await expect(run).rejects.toThrow(SimulationError);
  await expect(run).rejects.toThrow(
    /^seed \d+: history: event \S+ was accepted, and history does not have it\n[\s\S]*\nReplay it with `seed: \d+`\.$/,
  );
});
