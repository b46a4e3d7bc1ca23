// Slow flows and sudden spikes raise alerts, once each. Run it in a clone: npm run build && npx node examples/alerts.ts
import { createServer } from "wagglebus/server";
import { type TestBus, testBus } from "wagglebus/testing";
import type { Print } from "./options.ts";

/** On a bus whose clock the caller moves, so that a quarter of an hour passes at once. Rules are the same on any other. */
export async function alerts(bus: TestBus = testBus({ source: "platform" }), print: Print = console.log) {
  // `waggle serve` and `waggle dev` watch by the same rules where waggle.config.ts declares them.
  const server = await createServer(bus, {
    needsToken: false,
    alerts: {
      rules: [
        { kind: "slow-flow", over: "10s" },
        { kind: "rate-spike", factor: 3, over: 10, on: ["agent.error"] },
      ],
    },
  });
  // An alert is an event: subscribe to it, or have it sent to a webhook or a command.
  await bus.subscribe({ name: "on-call", on: "system.performance.alert" }, ({ data }) => {
    const { alert, state, metric, value, threshold } = data;
    print(`${alert} ${state}: ${metric} is ${value}, above ${threshold}`);
  });

  const { id } = await bus.emit.workflow.started({ workflowId: "wf-1" });
  await bus.clock.advance("12s");
  await bus.emit.workflow.completed({ workflowId: "wf-1" }, { metadata: { correlationId: id } });
  await bus.clock.advance("5s");

  // One error a minute is usual here; forty within a minute are not.
  for (let minute = 0; minute < 10; minute += 1) {
    await bus.clock.advance("1m");
    await bus.emit.agent.error({ agentId: "a1", error: "timeout" });
  }
  await bus.clock.advance("1m");
  for (let error = 0; error < 40; error += 1) await bus.emit.agent.error({ agentId: "a1", error: "overloaded" });
  await bus.clock.advance("3m");
  await server.close();
}

if (import.meta.main) await alerts();
