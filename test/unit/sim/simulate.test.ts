import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { type Duration, parseDuration } from "../../../lib/event/duration.ts";
import type { Bus } from "../../../lib/index.ts";
import { type SimulateOptions, SimulationError, simulate } from "../../../lib/sim/index.ts";
import { workload } from "../../sim/workload.ts";

const nothing: SimulateOptions = { setup: () => {}, steps: () => {} };

describe.each([
  ["memory", "2d"],
  ["embedded", "2m"],
  ["aws", "10m"],
] as const)("a simulation on %s", (engine, delay) => {
  test("has the same trace for the same seed, byte for byte, and another for another", async () => {
    const run = (seed: number) => simulate(workload({ engine, seed, events: 6, faults: 0.3 }));
    const [one, same, other] = [await run(5), await run(5), await run(6)];
    expect(one.trace.length).toBeGreaterThan(1_000);
    expect(same.trace).toBe(one.trace);
    expect(same.digest).toBe(one.digest);
    expect(other.trace).not.toBe(one.trace);
  });

  test("delivers what is due much later at once", async () => {
    let delivered = 0;
    const { elapsedMs } = await simulate({
      engine,
      within: "3d",
      setup: (bus) =>
        bus.subscribe({ name: "later", on: "task.created" }, () => {
          delivered += 1;
        }),
      steps: (bus) => bus.emit.task.created({ taskId: "1" }, undefined).then(() => publishLater(bus, delay)),
    });
    expect(delivered).toBe(2);
    expect(elapsedMs).toBeGreaterThan(parseDuration(delay, "delay"));
  });
});

function publishLater(bus: Bus, delay: Duration): Promise<unknown> {
  return bus.publish({ type: "task.created", data: { taskId: "2" } }, { delay });
}

test("processes that crash lose nothing and are set up again", async () => {
  const lives = new Set<string>();
  const result = await simulate({
    engine: "embedded",
    seed: 3,
    faults: { crashes: 0.5 },
    setup: async (bus, process) => {
      lives.add(process);
      await bus.subscribe({ name: "slow", on: "task.created", concurrency: 2, attempts: 50 }, () => sleep(300));
    },
    steps: async (bus) => {
      for (let task = 0; task < 20; task += 1) await bus.emit.task.created({ taskId: String(task) });
    },
  });
  expect(lives).toContain("p1#2");
  expect(result.faults.crash).toBeGreaterThan(0);
  expect(new Set(result.ledger.flatMap((note) => (note.kind === "succeeded" ? [note.event] : []))).size).toBe(20);
});

test("time and randomness of a program are the simulation's, and those of everything else are not", async () => {
  const real = { now: Date.now(), setTimeout, random: Math.random, uuid: randomUUID };
  const seen = async () => {
    const began = Date.now();
    await sleep(3_600_000);
    await promisify(setTimeout)(3_600_000);
    const beats = await new Promise<number>((resolve) => {
      let count = 0;
      const timer = setInterval(() => {
        count += 1;
        if (count === 3) resolve(count);
        if (count === 3) clearInterval(timer);
      }, 60_000);
    });
    const cancelled = setTimeout(() => expect.unreachable(), 1);
    clearTimeout(cancelled);
    const signal = AbortSignal.timeout(1_000);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return {
      began,
      hours: Math.floor((Date.now() - began) / 3_600_000),
      beats,
      random: Math.random(),
      uuid: randomUUID(),
      date: new Date().getFullYear(),
    };
  };
  const runs: unknown[] = [];
  for (let run = 0; run < 2; run += 1) {
    await simulate({ setup: () => {}, steps: async () => void runs.push(await seen()) });
  }
  expect(runs[0]).toMatchObject({ began: Date.UTC(2026, 0, 1), hours: 2, beats: 3, date: 2026 });
  expect(runs[1]).toEqual(runs[0]);
  expect({ setTimeout, random: Math.random, uuid: randomUUID }).toEqual({
    setTimeout: real.setTimeout,
    random: real.random,
    uuid: real.uuid,
  });
  expect(Date.now()).toBeGreaterThanOrEqual(real.now);
});

test("what runs beside a simulation keeps the real time", async () => {
  const times: number[] = [];
  const before = Date.now();
  const beside = new Promise<void>((resolve) => {
    setTimeout(() => {
      times.push(Date.now());
      resolve();
    }, 1);
  });
  await simulate({ setup: () => {}, steps: () => sleep(10) });
  await beside;
  expect(times[0]).toBeGreaterThanOrEqual(before);
});

describe("a simulation rejects with its seed", () => {
  test("where the steps throw", async () => {
    const steps = () => Promise.reject(new Error("no such task"));
    await expect(simulate({ ...nothing, seed: 9, steps })).rejects.toThrow(/^seed 9: no such task\nReplay it/);
  });

  test("where the check throws, with the ledger", async () => {
    const check = () => {
      throw new Error("one is missing");
    };
    const thrown = await simulate({
      ...nothing,
      steps: (bus) => bus.emit.task.created({ taskId: "1" }),
      check,
    }).catch((error: unknown) => error);
    if (!(thrown instanceof SimulationError)) throw thrown;
    expect(thrown.message).toContain("one is missing");
    expect(thrown.result.ledger.map(({ kind }) => kind)).toEqual(["offered", "accepted"]);
  });

  test("where the program cannot be set up", async () => {
    const setup = (bus: Bus) => bus.subscribe({ name: "Not a name", on: "task.created" }, () => {});
    await expect(simulate({ ...nothing, setup })).rejects.toThrow(/Not a name/);
  });

  test("where the steps wait for nothing", async () => {
    await expect(simulate({ ...nothing, steps: () => new Promise(() => {}) })).rejects.toThrow(
      /nothing in it brings about/,
    );
  });

  test("where a handler never ends", async () => {
    const setup = (bus: Bus) => bus.subscribe({ name: "stuck", on: "task.created" }, () => new Promise(() => {}));
    const run = simulate({ setup, steps: (bus) => bus.emit.task.created({ taskId: "1" }), within: "5m" });
    await expect(run).rejects.toThrow(/lost: stuck has not ended: 0 deliveries wait, 0 are delayed and 1 run/);
  });
});

test.each([
  [{ seed: -1 }, /seed must be an integer/],
  [{ runs: 0 }, /runs must be an integer/],
  [{ processes: 101 }, /processes must be an integer from 1 to 100/],
  [{ faults: 1 }, /faults\.handlers must be a number from 0 to below 1/],
  [{ engine: "postgres" }, /engine must be "memory", "embedded", "aws" or a function/],
  [{ sed: 1 }, /sed/],
])("a wrong option %j is refused", async (wrong, message) => {
  await expect(simulate({ ...nothing, ...(wrong as object) })).rejects.toThrow(message);
});

test("one simulation at a time runs in a process", async () => {
  const first = simulate(nothing);
  await expect(simulate(nothing)).rejects.toMatchObject({ code: "invalid_config" });
  await first;
});
