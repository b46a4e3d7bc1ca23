import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { measureAlerts } from "../../../bench/alert-quality/measure.ts";

test("precision and recall are those of the labelled runs: three failed, two went in circles, two took long", () => {
  const text = readFileSync(new URL("../../fixtures/alert-runs/runs.ndjson", import.meta.url), "utf8");
  const measured = measureAlerts(
    text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  );
  expect(measured).toEqual([
    { rule: "slow-flow-10-s", runs: 6, failed: 3, raised: 2, right: 1, precision: 0.5, recall: 0.333 },
    { rule: "slow-flow-5-min", runs: 6, failed: 3, raised: 1, right: 1, precision: 1, recall: 0.333 },
    { rule: "loop-3", runs: 6, failed: 3, raised: 3, right: 2, precision: 0.667, recall: 0.667 },
    { rule: "loop-5", runs: 6, failed: 3, raised: 2, right: 2, precision: 1, recall: 0.667 },
    { rule: "loop-10", runs: 6, failed: 3, raised: 1, right: 1, precision: 1, recall: 0.333 },
  ]);
});
