// Fifty agents at once spend no more than there is. Run it in a clone: npm run build && npx node examples/budget.ts
import { BusError, connect } from "wagglebus";
import { openBudget } from "wagglebus/agents";
import type { Print, Where } from "./options.ts";

export async function budget(where: Where = { engine: "memory" }, print: Print = console.log) {
  await using bus = await connect({ ...where, source: "research" });
  using purse = openBudget(bus, { name: "research", limit: 2, unit: "USD", per: "day", threshold: 0.8 });

  let calls = 0;
  /** A call of a model that is estimated at 10 cents, and costs that. */
  const ask = () =>
    purse.spend(0.1, async () => {
      calls += 1;
      return { result: "an answer", amount: 0.1 };
    });

  const ends = await Promise.allSettled(Array.from({ length: 50 }, ask));
  const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason] : []));
  const codes = new Set(refused.map((error) => (error instanceof BusError ? error.code : error)));
  print(`${calls} calls, ${refused.length} refused as ${[...codes]}`);

  // Who watches the money hears of it once, at 80 %.
  const reached = await bus.waitFor({ on: "system.cost.threshold.reached" }, { since: new Date(0) });
  print(`told at 80 % of ${reached.data.limit} ${reached.data.currency}`);
  const { events } = await bus.history.query({ type: "budget.spent", limit: 100 });
  const spent = events.reduce((sum, { data }) => sum + Object(data).amount, 0);
  print(`spent ${spent.toFixed(2)}`);
}

if (import.meta.main) await budget();
