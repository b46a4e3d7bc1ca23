import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, readPages } from "./pages.ts";
import { createSampleProject, type Sample, type SampleProject, toSample } from "./sample-project.ts";

const samples = readPages()
  .flatMap(blocksOf)
  .filter(({ language }) => language === "ts")
  .map(toSample);

/** Samples that run at once. */
const lanes = 2;

let project: SampleProject;
let problems: Promise<Map<string, string[]>>;
const runs = new Map<Sample, ReturnType<SampleProject["run"]>>();

beforeAll(async () => {
  project = await createSampleProject(samples);
  problems = project.check();
  problems.catch(() => {});
  const free: Promise<unknown>[] = Array.from({ length: lanes }, () => Promise.resolve());
  for (const [index, sample] of samples.filter(runnable).entries()) {
    const run = (free[index % lanes] ?? Promise.resolve()).then(() => project.run(sample));
    run.catch(() => {});
    runs.set(sample, run);
    free[index % lanes] = run.catch(() => {});
  }
});

afterAll(async () => {
  await Promise.allSettled([problems, ...runs.values()]);
  await project.remove();
});

function runnable({ block }: Sample): boolean {
  return !block.marks.has("fragment");
}

/** What the comments of a sample say that it prints. */
function printed({ block }: Sample): string[] {
  return block.code.flatMap((line) => /\/\/ prints: (.*)$/.exec(line)?.[1] ?? []);
}

test("there are samples, and all run but those that need a server or an account", () => {
  expect(samples.length).toBeGreaterThan(30);
  const elsewhere = /^docs\/(aws|http|kafka|postgres)\//;
  expect(samples.filter((sample) => !runnable(sample) && !elsewhere.test(sample.name)).map(({ name }) => name)).toEqual(
    [],
  );
  const known = new Set(["bus", "fragment", "alone"]);
  const unknown = samples.filter(({ block }) => [...block.marks].some((mark) => !known.has(mark)));
  expect(unknown.map(({ name }) => name)).toEqual([]);
});

test("the README's first sample is under 15 lines: one publishes, another reacts", () => {
  const [first] = samples;
  expect(first?.name).toMatch(/^README\.md:/);
  expect(first?.block.code.length).toBeLessThan(15);
  expect(first?.block.marks.size).toBe(0);
});

describe("the types are right", () => {
  test.each(samples)("$name", { timeout: 180_000 }, async ({ file }) => {
    expect((await problems).get(file) ?? []).toEqual([]);
  });
});

describe("it runs", () => {
  test.each(samples.filter(runnable))("$name", { timeout: 180_000 }, async (sample) => {
    const result = await runs.get(sample);
    expect(result?.stderr).toBe("");
    expect(result?.code).toBe(0);
    const expected = printed(sample);
    const lines = (result?.stdout ?? "").split("\n").slice(0, -1);
    if (expected.length > 0 || lines.length > 0) expect(lines).toEqual(expected);
  });
});
