import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Adapter, Ground } from "./adapter.ts";
import { type ContractCase, Trial } from "./case.ts";
import { batchCases } from "./cases/batches.ts";
import { consumingCases } from "./cases/consuming.ts";
import { crashCases } from "./cases/crashes.ts";
import { deadLetterCases } from "./cases/dead-letters.ts";
import { delayCases } from "./cases/delay.ts";
import { deliveryCases } from "./cases/delivery.ts";
import { fidelityCases } from "./cases/fidelity.ts";
import { flowCases } from "./cases/flows.ts";
import { historyCases } from "./cases/history.ts";
import { lifecycleCases } from "./cases/lifecycle.ts";
import { limitCases } from "./cases/limits.ts";
import { orderCases } from "./cases/order.ts";
import { processCases } from "./cases/processes.ts";
import { publishingCases } from "./cases/publishing.ts";
import { replayCases } from "./cases/replay.ts";
import { restartCases } from "./cases/restarts.ts";
import { routingCases } from "./cases/routing.ts";
import { settledCases } from "./cases/settled.ts";
import { subscriptionCases } from "./cases/subscriptions.ts";
import { timeoutCases } from "./cases/timeouts.ts";
import { versionCases } from "./cases/versions.ts";
import { waitingCases } from "./cases/waiting.ts";
import { featureChecks } from "./features.ts";

const topics: Readonly<Record<string, readonly ContractCase[]>> = {
  publishing: publishingCases,
  routing: routingCases,
  delivery: deliveryCases,
  delay: delayCases,
  timeouts: timeoutCases,
  order: orderCases,
  limits: limitCases,
  subscriptions: subscriptionCases,
  consuming: consumingCases,
  batches: batchCases,
  flows: flowCases,
  settled: settledCases,
  waiting: waitingCases,
  history: historyCases,
  replay: replayCases,
  "dead letters": deadLetterCases,
  lifecycle: lifecycleCases,
  versions: versionCases,
  fidelity: fidelityCases,
  processes: processCases,
  restarts: restartCases,
  crashes: crashCases,
};

/**
 * Runs the whole contract on an engine. `leftOut` is the exact list of cases that the engine's exceptions leave out, as
 * "topic: title": a case more or a case less fails.
 */
export function runContract(adapter: Adapter, leftOut: readonly string[]): void {
  describe(`the contract, on ${adapter.name}`, () => {
    /** Longer than a trial waits, so that it is the trial that says what did not come. */
    const timeout = 20_000 * adapter.timeScale;
    let ground: Ground;
    beforeAll(async () => {
      ground = await adapter.prepare();
    });
    afterAll(() => ground.close());

    async function tried(run: (trial: Trial) => Promise<void>): Promise<void> {
      const trial = await Trial.begin(adapter, ground);
      try {
        await run(trial);
      } finally {
        await trial.end();
      }
    }

    const skipped: string[] = [];
    for (const [topic, cases] of Object.entries(topics)) {
      const isLeftOut = ({ needs = [] }: ContractCase) => needs.some((feature) => adapter.lacks.has(feature));
      skipped.push(...cases.filter(isLeftOut).map(({ title }) => `${topic}: ${title}`));
      // Vitest takes a group without a test for a mistake.
      if (cases.every(isLeftOut)) continue;
      describe(topic, () => {
        for (const one of cases) if (!isLeftOut(one)) test(one.title, { timeout }, () => tried(one.run));
      });
    }

    describe("exceptions", () => {
      for (const [feature, works] of Object.entries(featureChecks)) {
        const lacked = [...adapter.lacks].some((one) => one === feature);
        if (lacked && [...(adapter.unproven ?? [])].some((one) => one === feature)) continue;
        test(`${feature}: ${lacked ? "is not there, as declared" : "is there"}`, { timeout }, () =>
          tried(async (trial) => expect(await works(trial)).toBe(!lacked)),
        );
      }

      test("leave out these cases and no other", () => {
        expect(skipped.sort()).toEqual([...leftOut].sort());
      });
    });
  });
}
