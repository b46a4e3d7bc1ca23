// An agent asks a person, who answers after two days. No process waits meanwhile: the delivery is back in the queue. Run it in a
// clone: npm run build && npx node examples/approval.ts
import { ask } from "wagglebus/agents";
import { type TestBus, testBus } from "wagglebus/testing";
import type { Print } from "./options.ts";

/** On a bus whose clock the caller moves: two days pass at once. On any other, the same code waits for them. */
export async function approval(bus: TestBus = testBus({ source: "release" }), print: Print = console.log) {
  let runs = 0;
  await bus.subscribe(
    { name: "deployer", on: "custom.build.passed", attempts: 2 },
    async ({ data }, { attempt, bus }) => {
      runs += 1;
      // Asked once, however often this runs. What was asked and answered is in history, so a restart forgets nothing.
      const { outcome, by } = await ask(bus, `Deploy ${Object(data).build}?`, { of: "person", timeout: "3d" });
      print(`${outcome} by ${by}, in attempt ${attempt}`);
      if (outcome === "granted") await bus.publish({ type: "custom.deployed", data: {} }, { dedupe: "deployed" });
    },
  );

  await bus.publish({ type: "custom.build.passed", data: { build: "v2" } });
  await bus.clock.advance("2d");
  const questions = bus.published.filter(({ type }) => type === "approval.requested");
  const [question] = questions;
  print(`after two days: ${questions.length} question, to be answered by ${Object(question?.data).deadline}`);

  // The page, `waggle approve` and MCP answer in the same way.
  await bus.emit.approval.granted({ approvalId: Object(question?.data).approvalId, by: "ann" });
  await bus.clock.advance("10m");
  print(`deployed: ${bus.published.some(({ type }) => type === "custom.deployed")}, looked again: ${runs > 2}`);
}

if (import.meta.main) await approval();
