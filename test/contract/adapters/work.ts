import type { Bus } from "../../../lib/bus/bus.ts";
import { unnamedInWorker } from "../adapter.ts";
import type { Probe } from "../probe.ts";
import { type Host, scriptedHandler } from "../scripted-handler.ts";
import { isSubscriptionName, subscriptionOf } from "../subscriptions.ts";

const host: Host = {
  crash: () => {
    process.kill(process.pid, "SIGKILL");
    // The signal may come a moment later; nothing may happen in between.
    return new Promise(() => {});
  },
};

/** What a worker does: it consumes the subscriptions and an unnamed one, and tells its parent once it does. */
export async function work(bus: Bus, probe: Probe, names: readonly string[], timeScale: number): Promise<void> {
  const handler = scriptedHandler(probe, host);
  for (const name of names.filter(isSubscriptionName)) await bus.subscribe(subscriptionOf(name, timeScale), handler);
  await bus.subscribe({ on: unnamedInWorker }, handler);
  process.send?.("ready");
}
