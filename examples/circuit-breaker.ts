// No calls to a service that is down, and others see that it is. Needs npm i cockatiel. Run it in a clone:
// npm run build && npx node examples/circuit-breaker.ts
import { setTimeout } from "node:timers/promises";
import { BusError, connect } from "wagglebus";
import { openCircuitBreaker } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

export async function circuitBreaker(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "gateway" });
  let isDown = true;
  let calls = 0;
  const askModel = async () => {
    calls += 1;
    if (isDown) throw new Error("overloaded");
    return "an answer";
  };

  // Open once half of at least 3 calls have failed.
  const model = await openCircuitBreaker(bus, "model-x", { failureRate: 0.5, minCalls: 3, openFor: "1m" });
  for (let call = 0; call < 3; call += 1) await model.call(askModel, { fallback: () => "a cheaper model" });
  print(`${model.state} after ${calls} calls`);
  const refused = await model.call(askModel).catch((error) => (error instanceof BusError ? error.code : error));
  const instead = await model.call(askModel, { fallback: () => "a cheaper model" });
  print(`refused: ${refused}, instead: ${instead}, calls: ${calls}`);

  // Once `openFor` is over, one call finds out whether the service is back.
  const other = await openCircuitBreaker(bus, "model-y", { failureRate: 0.5, minCalls: 1, openFor: "1ms" });
  await other.call(askModel, { fallback: () => "a cheaper model" });
  isDown = false;
  await setTimeout(10);
  print(`back: ${await other.call(askModel)}, ${other.state}`);

  // Others see it as well. These events do not hold up the calls.
  const changes = { count: 4, of: [{ on: "circuit_breaker.state.changed" }] } as const;
  for (const { data } of await bus.waitFor(changes, { since: new Date(0) })) {
    print(`${data.service}: ${data.from} → ${data.to}`);
  }
}

if (import.meta.main) await circuitBreaker();
