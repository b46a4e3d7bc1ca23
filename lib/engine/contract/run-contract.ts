import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { capabilities } from "../capabilities.ts";
import type { ContractAdapter, Environment } from "./adapter.ts";
import type { ContractCase } from "./case.ts";
import { batchCases } from "./cases/batches.ts";
import { consumingCases } from "./cases/consuming.ts";
import { crashCases } from "./cases/crashes.ts";
import { deadLetterCases } from "./cases/dead-letters.ts";
import { delayCases } from "./cases/delay.ts";
import { deliveryCases } from "./cases/delivery.ts";
import { erasingCases } from "./cases/erasing.ts";
import { eventIdCases } from "./cases/event-ids.ts";
import { fidelityCases } from "./cases/fidelity.ts";
import { flowCases } from "./cases/flows.ts";
import { historyCases } from "./cases/history.ts";
import { lifecycleCases } from "./cases/lifecycle.ts";
import { limitCases } from "./cases/limits.ts";
import { orderCases } from "./cases/order.ts";
import { pausingCases } from "./cases/pausing.ts";
import { processCases } from "./cases/processes.ts";
import { publishingCases } from "./cases/publishing.ts";
import { replayCases } from "./cases/replay.ts";
import { restartCases } from "./cases/restarts.ts";
import { routingCases } from "./cases/routing.ts";
import { settledCases } from "./cases/settled.ts";
import { storeCases } from "./cases/stores.ts";
import { subscriptionCases } from "./cases/subscriptions.ts";
import { tailCases } from "./cases/tail.ts";
import { timeoutCases } from "./cases/timeouts.ts";
import { transferCases } from "./cases/transfer.ts";
import { versionCases } from "./cases/versions.ts";
import { waitingCases } from "./cases/waiting.ts";
import { CaseContext } from "./context.ts";
import { featureChecks } from "./feature-checks.ts";
import { type SingleProcess, singleProcessAdapter } from "./single-process.ts";

const topics = {
  publishing: publishingCases,
  "event ids": eventIdCases,
  routing: routingCases,
  delivery: deliveryCases,
  delay: delayCases,
  timeouts: timeoutCases,
  order: orderCases,
  limits: limitCases,
  subscriptions: subscriptionCases,
  pausing: pausingCases,
  consuming: consumingCases,
  batches: batchCases,
  flows: flowCases,
  settled: settledCases,
  waiting: waitingCases,
  history: historyCases,
  tail: tailCases,
  replay: replayCases,
  "dead letters": deadLetterCases,
  erasing: erasingCases,
  lifecycle: lifecycleCases,
  versions: versionCases,
  fidelity: fidelityCases,
  processes: processCases,
  stores: storeCases,
  restarts: restartCases,
  crashes: crashCases,
  transfer: transferCases,
} satisfies Readonly<Record<string, readonly ContractCase[]>>;

/** The topics of the contract. */
export type ContractTopic = keyof typeof topics;

/** What of the contract is run. */
export interface ContractSelection {
  /**
   * Only the cases of these topics, without the checks that the engine declares what it lacks: for another way to an engine that
   * has passed the whole. Default: all of it.
   */
  readonly topics?: readonly ContractTopic[];
}

/**
 * Declares the tests of the whole contract for one engine, in a vitest file: every case that the engine does not leave out, and
 * a check of every feature, so that what it says of itself is the whole truth. For an engine of one process give `engine`, for
 * any other an adapter.
 */
export function runContract(subject: SingleProcess | ContractAdapter, selection: ContractSelection = {}): void {
  const adapter = "prepare" in subject ? subject : singleProcessAdapter(subject);
  const { name, lacks = [], leftOut = [], unproven = [], timeScale = 1 } = adapter;
  describe(`the contract, on ${name}`, () => {
    /** Longer than a case waits, so that it is the case that says what did not come. */
    const timeout = Math.max(120_000, 20_000 * timeScale);
    let environment: Environment;
    beforeAll(async () => {
      environment = await adapter.prepare();
    });
    afterAll(() => environment.close());

    async function run(one: (t: CaseContext) => Promise<void>): Promise<void> {
      const t = await CaseContext.begin(adapter, environment);
      try {
        await one(t);
      } finally {
        await t.end();
      }
    }

    const skipped: string[] = [];
    for (const [topic, cases] of Object.entries<readonly ContractCase[]>(topics)) {
      if (selection.topics?.some((one) => one === topic) === false) continue;
      const isLeftOut = ({ needs = [] }: ContractCase) => needs.some((feature) => lacks.includes(feature));
      skipped.push(...cases.filter(isLeftOut).map(({ title }) => `${topic}: ${title}`));
      // Vitest takes a group without a test for a mistake.
      if (cases.every(isLeftOut)) continue;
      describe(topic, () => {
        for (const one of cases) if (!isLeftOut(one)) test(one.title, { timeout }, () => run(one.run));
      });
    }

    if (selection.topics !== undefined) return;
    describe("exceptions", () => {
      for (const [feature, works] of Object.entries(featureChecks)) {
        const lacked = lacks.some((one) => one === feature);
        if (lacked && unproven.some((one) => one === feature)) continue;
        test(`${feature}: ${lacked ? "is not there, as declared" : "is there"}`, { timeout }, () =>
          run(async (t) => expect(await works(t)).toBe(!lacked)),
        );
      }

      test("its capabilities are what it does not lack", () =>
        run(async ({ bus }) => {
          const declared = capabilities.filter((capability) => bus.engine.capabilities.has(capability));
          expect(declared).toEqual(capabilities.filter((capability) => !lacks.includes(capability)));
        }));

      test("leave out these cases and no other", () => {
        expect(skipped.sort()).toEqual([...leftOut].sort());
      });
    });
  });
}
