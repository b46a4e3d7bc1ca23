/**
 * Handles orders with an effect in a process of its own, which a test kills: `effect-worker.ts <file of the bus> <ledger> <step>`.
 * The provider is a file, a line a call. At the step it tells so and goes no further.
 */
import { appendFileSync } from "node:fs";
import { connect } from "wagglebus";
import { effect } from "wagglebus/agents";

const [file = "", ledger = "", step = ""] = process.argv.slice(2);

async function at(here: string): Promise<void> {
  if (here !== step) return;
  process.send?.(here);
  await new Promise(() => {});
}

const bus = await connect({
  engine: "embedded",
  file,
  source: "billing",
  logLevel: "silent",
  use: [
    {
      publish: async (entry, next) => {
        await at(`before ${entry.event.type}`);
        const appended = await next(entry);
        await at(`after ${entry.event.type}`);
        return appended;
      },
    },
  ],
});
await bus.subscribe({ name: "billing", on: "custom.order", attempts: 5, backoff: { from: 1, to: 2 } }, async () => {
  await effect(bus, "charge", async ({ idempotencyKey }) => {
    await at("before the call");
    appendFileSync(ledger, `${idempotencyKey}\n`, { flush: true });
    await at("after the call");
    return "receipt";
  });
  await at("after the effect");
});
await at("ready");
